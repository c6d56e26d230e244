/**
 * What a grammar costs and what it brings: the time of masks, and the rates of JSON
 * answers and of free text, with drafts and without.
 *
 * @module
 */

import { GREEDY } from "../../../lib/bita/choose/sampling.ts";
import { Grammars } from "../../../lib/grammar/grammars.ts";
import { grammarVocabulary } from "../../../lib/grammar/vocabulary.ts";
import { openBackend } from "../../../lib/runtime/choose_backend.ts";
import { openModel } from "../../../lib/runtime/open_model.ts";
import { ChatTemplate } from "../../../lib/text/chat_template.ts";
import { Tokenizer } from "../../../lib/text/tokenizer.ts";
import { Drafting } from "../../../lib/worker/drafting.ts";
import { Scheduler } from "../../../lib/worker/scheduler.ts";
import { ggufVocabulary } from "../../../models/gguf/vocabulary.ts";
import {
  ADAPTER,
  CONFIG,
  formatOn,
  realArtefact,
  realGguf,
} from "../../real_model.ts";
import {
  type Benchmark,
  integer,
  progress,
  type Report,
} from "../benchmark.ts";
import { asServed } from "../as_served.ts";
import { geometricMean, median, sum } from "../statistics.ts";
import {
  describeRefusals,
  type Refusals,
  refuseHostile,
} from "./hostile_grammars.ts";
import { type Run, runText } from "./run.ts";
import { TimedConstraint } from "./timed_constraint.ts";

const CONTEXT = 1024;

const text = { type: "string", maxLength: 40 };
const object = (properties: Record<string, unknown>) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

/** Requests as apps send them: what they extract, classify and fill in. */
const CASES: Record<string, { prompt: string; schema: unknown }> = {
  person: {
    prompt: "Ada Lovelace, born in 1815 in London, was a mathematician.",
    schema: object({
      firstName: text,
      lastName: text,
      yearOfBirth: { type: "integer", minimum: 0, maximum: 2100 },
      placeOfBirth: text,
      occupation: text,
    }),
  },
  ticket: {
    prompt: "My parcel came with a broken cup, and nobody answers the phone.",
    schema: object({
      sentiment: { enum: ["positive", "neutral", "negative"] },
      category: { enum: ["delivery", "damage", "payment", "other"] },
      needsAnswerFromPerson: { type: "boolean" },
      summaryForSupport: text,
    }),
  },
  recipe: {
    prompt: "Give me a recipe for pancakes.",
    schema: object({
      title: text,
      ingredients: {
        type: "array",
        minItems: 3,
        maxItems: 3,
        items: object({
          ingredientName: text,
          quantity: { type: "integer" },
          unit: { enum: ["g", "ml", "piece"] },
        }),
      },
    }),
  },
  flight: {
    prompt: "I want to fly from Paris to Rome on the second of May, for 2.",
    schema: object({
      departureAirport: text,
      arrivalAirport: text,
      dateOfDeparture: { type: "string", format: "date" },
      numberOfPassengers: { type: "integer", minimum: 1, maximum: 9 },
      cabinClass: { enum: ["economy", "business", "first"] },
    }),
  },
};

/** One request, answered as JSON and freely, plainly and with drafts. */
interface Sample {
  name: string;
  json: { none: Run; auto: Run };
  free: { none: Run; auto: Run };
  /** Milliseconds of the grammar for each token of the plain JSON answers. */
  times: number[];
  /** Milliseconds of these answers. */
  ms: number;
}

/** Compares JSON answers with free text. */
export const grammar: Benchmark = {
  about: "the time of grammar masks, and JSON answers beside free text",
  options: {
    tokens: { about: "most tokens an answer", default: "128" },
    repeat: { about: "runs of each answer; the fastest counts", default: "3" },
  },
  async run(values) {
    const maxTokens = integer(values, "tokens");
    const repeat = integer(values, "repeat");
    const vocabulary = ggufVocabulary((await realGguf()).metadata);
    const tokenizer = new Tokenizer(vocabulary);
    const template = new ChatTemplate(vocabulary, tokenizer);
    const grammars = new Grammars(() =>
      Promise.resolve(grammarVocabulary(tokenizer))
    );
    const artefact = await realArtefact(formatOn("cpu"), { adapter: ADAPTER });
    const model = await openModel(await openBackend("cpu", CONFIG), artefact, {
      context: CONTEXT,
    });
    const { cost } = await asServed(model);
    model.onWork = ({ part, ...work }) => cost.learn(part, work);
    const drafting = new Drafting({
      scheduler: new Scheduler(model),
      cost,
      adapter: artefact.adapter,
    });
    const samples: Sample[] = [];
    for (const [name, { prompt: content, schema }] of Object.entries(CASES)) {
      progress(samples.length + 1, Object.keys(CASES).length, name);
      const prompt = template.encode({ messages: [{ role: "user", content }] });
      const times: number[] = [];
      let ms = 0;
      const run = async (draft: "none" | "auto", isJson: boolean) => {
        using constraint = isJson
          ? await grammars.constraint({ type: "json_schema", schema })
          : undefined;
        const timed = constraint && new TimedConstraint(constraint);
        const sequence = model.open(prompt);
        const outputs = drafting.decode(sequence, {
          prompt,
          sampling: GREEDY,
          maxTokens,
          endTokens: isJson ? tokenizer.endTokens : new Set(),
          draft,
          constraint: timed,
        });
        const text = await runText(outputs, () => performance.now());
        sequence.close();
        if (timed && draft === "none") {
          times.push(...timed.times);
          ms += text.decodeMs;
        }
        return text;
      };
      const fastest = async (draft: "none" | "auto", isJson: boolean) => {
        const runs = [];
        for (let i = 0; i < repeat; i++) runs.push(await run(draft, isJson));
        return runs.toSorted((a, b) => a.decodeMs - b.decodeMs)[0];
      };
      samples.push({
        name,
        json: {
          none: await fastest("none", true),
          auto: await fastest("auto", true),
        },
        free: {
          none: await fastest("none", false),
          auto: await fastest("auto", false),
        },
        times,
        ms,
      });
    }
    return report(samples, await refuseHostile(tokenizer));
  },
};

/** Returns tokens a second. */
const rate = ({ tokens, decodeMs }: Run) => tokens.length / decodeMs * 1000;

function report(samples: Sample[], refusals: Refusals): Report {
  const times = samples.flatMap(({ times }) => times).sort((a, b) => a - b);
  const share = sum(times) / sum(samples.map(({ ms }) => ms));
  const all = (ratio: (sample: Sample) => number) =>
    geometricMean(samples.map(ratio));
  return {
    tables: [{
      title: "Tokens a second on cpu",
      header: [
        "answer",
        "tokens",
        "JSON, no drafts",
        "JSON, drafts",
        "free, no drafts",
        "free, drafts",
        "JSON to free, drafts",
        "tokens a pass",
        "identical",
      ],
      rows: samples.map(({ name, json, free }) => [
        name,
        json.auto.tokens.length,
        rate(json.none),
        rate(json.auto),
        rate(free.none),
        rate(free.auto),
        rate(json.auto) / rate(free.auto),
        json.auto.tokens.length / json.auto.passes,
        json.auto.tokens.join() === json.none.tokens.join() ? "yes" : "no",
      ]),
    }],
    notes: [
      `The grammar takes ${median(times).toFixed(3)} ms a token (median), ${
        times[Math.floor(times.length * 0.99)].toFixed(3)
      } ms at most in 99 of 100: ${
        (share * 100).toFixed(1)
      } % of the time of plain JSON answers.`,
      `JSON with drafts is ${
        all(({ json, free }) => rate(json.auto) / rate(free.auto)).toFixed(2)
      } times as fast as free text with drafts, and ${
        all(({ json }) => rate(json.auto) / rate(json.none)).toFixed(2)
      } times as fast as JSON without (geometric means).`,
      describeRefusals(refusals),
      "Rates are those after the prompt; the fastest of the runs of an answer counts.",
    ],
    data: { samples, refusals },
  };
}
