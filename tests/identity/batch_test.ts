/**
 * Sequences that share passes get what each gets alone, to the bit: random schedules
 * of the real model with its adapter, logits and KV bytes of all natural rows.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { uniform } from "../../lib/bita/choose/random.ts";
import { chain } from "../../lib/bita/tree/tree.ts";
import { cpuBackend } from "../../lib/runtime/cpu/cpu_backend.ts";
import { openModel } from "../../lib/runtime/open_model.ts";
import { type OrtModel, ROWS_ALONE } from "../../lib/runtime/ort_model.ts";
import type { WeightFormat } from "../../models/graph/linear.ts";
import type { OrtSequence, OrtStep } from "../../lib/runtime/ort_sequence.ts";
import { ADAPTER, CONFIG, realArtefact, shareAll } from "../real_model.ts";
import { sameBits } from "../runtime/_widths.ts";
import { Draws, stepOf } from "./_steps.ts";

const SCHEDULES = 40;
const PASSES = 3;

/** Tokens of the texts, the last of which no sequence reads. */
const LENGTHS = [
  9,
  14,
  23,
  31,
  40,
  57,
  64,
  65,
  77,
  90,
  101,
  128,
  150,
  200,
  300,
];

/** A text, and what it gives alone. */
interface Text {
  tokens: Int32Array;
  /** A digest of the logits after each token. */
  digests: string[];
  /** Holds the keys and values. */
  sequence: OrtSequence;
}

function digest(logits: Float32Array): string {
  return createHash("sha1").update(logits).digest("hex");
}

/** A model, and what it gives texts alone. */
interface Subject {
  model: OrtModel;
  texts: Text[];
}

/** Opens the model with its widest passes, and computes each text alone. */
async function open(format: WeightFormat): Promise<Subject> {
  const artefact = await realArtefact(format, { adapter: ADAPTER });
  const model = await openModel(cpuBackend(CONFIG.threads), artefact, {
    context: 512,
  });
  await shareAll(model);
  const texts: Text[] = [];
  for (const [seed, length] of LENGTHS.entries()) {
    texts.push(await computeAlone(model, { length, seed }));
  }
  return { model, texts };
}

async function computeAlone(
  model: OrtModel,
  { length, seed }: { length: number; seed: number },
): Promise<Text> {
  const tokens = Int32Array.from(
    { length },
    (_, i) => Math.floor(uniform(seed, i) * model.shape.vocab),
  );
  const sequence = model.open(tokens);
  const digests: string[] = [];
  for (let at = 0; at < length; at += 64) {
    const part = tokens.subarray(at, at + 64);
    const [output] = await model.run([{
      sequence,
      start: sequence.length,
      tokens: part,
      parents: chain(part.length - 1),
      read: [...part.keys()],
    }]);
    digests.push(...output.logits.map(digest));
    output.release();
    sequence.length += part.length;
  }
  return { tokens, digests, sequence };
}

/** A sequence of a schedule. */
interface Reader {
  text: Text;
  sequence: OrtSequence;
  /** The pass that it is in first. */
  arrival: number;
}

/** Opens a sequence that holds the beginning of a text. */
async function arrive(
  { model, texts }: Subject,
  draws: Draws,
): Promise<Reader> {
  const text = texts[draws.below(texts.length)];
  const known = draws.below(3) === 0
    ? 0
    : draws.below(text.tokens.length - PASSES * 2);
  const sequence = model.open(text.tokens.subarray(0, 1 + draws.below(60)));
  const slots = model.shape.softPrompt + known;
  sequence.writeKv(slots, await text.sequence.readKv(slots));
  sequence.length = slots;
  return { text, sequence, arrival: draws.below(3) };
}

/** Runs a schedule; returns the rows that differ, and how many there were. */
async function runSchedule(subject: Subject, seed: number) {
  const { model } = subject;
  const draws = new Draws(1000 + seed);
  const count = 2 + draws.below(model.shape.maxSequences - 1);
  const readers: Reader[] = [];
  for (let i = 0; i < count; i++) readers.push(await arrive(subject, draws));
  const tally = { sequences: count, rows: 0, shared: 0 };
  const differing: string[] = [];
  for (let pass = 0; pass < PASSES; pass++) {
    let room = model.shape.maxRows;
    const parts = [];
    for (const [i, reader] of readers.entries()) {
      if (reader.arrival > pass) continue;
      const later = readers.length - 1 - i;
      const drawn = stepOf(model, reader, { draws, room: room - later });
      if (!drawn) continue;
      room -= drawn.step.tokens.length;
      parts.push({ reader, ...drawn });
    }
    if (parts.length === 0) continue;
    parts.sort(() => draws.below(3) - 1);
    const outputs = await model.run(parts.map(({ step }) => step));
    for (const [i, { reader, natural }] of parts.entries()) {
      const { text: { digests }, sequence } = reader;
      const position = sequence.length - model.shape.softPrompt;
      for (const [row, logits] of outputs[i].logits.entries()) {
        if (digest(logits) === digests[position + row]) continue;
        differing.push(`schedule ${seed}, pass ${pass}, step ${i}, row ${row}`);
      }
      outputs[i].release();
      sequence.length += natural;
      tally.rows += natural;
      if (parts.length > 1) tally.shared += natural;
    }
  }
  for (const [i, { text, sequence }] of readers.entries()) {
    const slots = sequence.length;
    const kept = await sequence.readKv(slots);
    if (!sameBits(kept, await text.sequence.readKv(slots))) {
      differing.push(`schedule ${seed}, keys and values of sequence ${i}`);
    }
    sequence.close();
  }
  return { differing, ...tally };
}

for (const format of ["int8", "w8a8"] as const) {
  const subject = await open(format);

  Deno.test(`sequences get their own bits in ${SCHEDULES} random schedules, ${format}`, async () => {
    const sum = { sequences: 0, rows: 0, shared: 0 };
    for (let seed = 0; seed < SCHEDULES; seed++) {
      const { differing, ...tally } = await runSchedule(subject, seed);
      assertEquals(differing, []);
      for (const name of Object.keys(sum) as (keyof typeof sum)[]) {
        sum[name] += tally[name];
      }
    }
    console.log(
      `${sum.sequences} sequences, ${sum.rows} natural rows, ` +
        `${sum.shared} of them beside others`,
    );
    assert(sum.shared > 0.8 * sum.rows);
  });

  Deno.test(`a part of a prompt gets its own bits beside others, whatever its width, ${format}`, async () => {
    const { model, texts } = subject;
    const [text, other] = texts.slice(-2);
    const differing: number[] = [];
    for (let width = 2; width <= ROWS_ALONE; width++) {
      const steps = [text, other].map(({ tokens }, i): OrtStep => {
        const part = tokens.subarray(0, i === 0 ? width : 1);
        return {
          sequence: model.open(part),
          start: model.shape.softPrompt,
          tokens: part,
          parents: chain(part.length - 1),
          read: [part.length - 1],
        };
      });
      const outputs = await model.run(steps);
      for (const [i, { digests }] of [text, other].entries()) {
        const [last] = steps[i].read;
        if (digest(outputs[i].logits[0]) !== digests[last]) {
          differing.push(width);
        }
        outputs[i].release();
        steps[i].sequence.close();
      }
    }
    assertEquals(differing, []);
  });
}
