import { draft } from "../bita/_shape_planner.ts";
import { assertEquals, assertRejects } from "@std/assert";
import type {
  DecodeOptions,
  DecodeOutput,
} from "../../lib/bita/decode/output.ts";
import type { Model, Pass } from "../../lib/bita/decode/model.ts";
import { decodePlain } from "../../lib/bita/decode/plain.ts";
import { GREEDY } from "../../lib/bita/choose/sampling.ts";
import { wrapModel } from "../../lib/bita/decode/wrap_model.ts";
import type { KvModel, KvSequence } from "../../lib/prefix/cached_model.ts";
import { takeTurns } from "../../lib/worker/turns.ts";
import { ToyModel } from "../toy/model.ts";

const PROMPTS = ["aabb", "bca", "cab", "dd"].map((text) =>
  Int32Array.from(text, (letter) => letter.charCodeAt(0) - 97)
);

/** A toy whose passes take time; notes what is done to which sequence. */
function slowToy({ fails = -1 }: { fails?: number } = {}) {
  const toy = new ToyModel({ perturb: true });
  const log: string[] = [];
  let inside = 0;
  const slowly = async <T>(name: string, work: () => Promise<T>) => {
    log.push(name);
    assertEquals(++inside, 1, "nothing runs at once");
    await new Promise((resolve) => setTimeout(resolve, 1));
    inside--;
    return await work();
  };
  let opened = 0;
  const model: KvModel = wrapModel<KvSequence>(toy, (prompt) => {
    const sequence = toy.open(prompt);
    const id = opened++;
    return {
      forward: (pass: Pass) =>
        slowly(`${id}`, () => {
          if (id === fails && pass.start > toy.prompts) {
            throw new RangeError("broken");
          }
          return sequence.forward(pass);
        }),
      logits: (rows) => slowly(`${id} logits`, () => sequence.logits(rows)),
      readKv: (slots, options) => sequence.readKv(slots, options),
      writeKv: (...range) => sequence.writeKv(...range),
      close: () => sequence.close(),
    };
  });
  return { model, toy, log };
}

function options(fields: Partial<DecodeOptions> = {}): DecodeOptions {
  return { sampling: GREEDY, maxTokens: 12, endTokens: new Set(), ...fields };
}

async function tokensOf(
  outputs: AsyncIterable<DecodeOutput>,
): Promise<number[]> {
  return (await Array.fromAsync(outputs)).flatMap(({ tokens }) => tokens);
}

/** Decodes plainly where the index is even, with drafts where it is odd. */
function start(model: Model, index: number, fields?: Partial<DecodeOptions>) {
  const way = index % 2 === 0 ? decodePlain : draft;
  return tokensOf(way(model, PROMPTS[index], options(fields)));
}

Deno.test("takeTurns() gives each text the tokens that it has alone", async () => {
  const alone: number[][] = [];
  for (const index of PROMPTS.keys()) {
    alone.push(await start(slowToy().model, index));
  }
  const { model, toy } = slowToy();
  const shared = takeTurns(model);
  const together = await Promise.all(
    PROMPTS.map((_, index) => start(shared, index)),
  );
  assertEquals(together, alone);
  assertEquals(toy.opened.map(({ closed }) => closed), PROMPTS.map(() => true));
});

Deno.test("takeTurns() goes round by pass and keeps a pass together", async () => {
  const { model, log } = slowToy();
  const shared = takeTurns(model);
  await Promise.all(
    [0, 2].map((index) =>
      tokensOf(decodePlain(shared, PROMPTS[index], options({ maxTokens: 3 })))
    ),
  );
  const pass = ["0", "0 logits", "1", "1 logits"];
  assertEquals(log, ["0", "1", ...pass, ...pass, ...pass]);
});

Deno.test("takeTurns() goes on when a text is left or fails", async () => {
  const alone = await start(slowToy().model, 3);
  const { model, toy } = slowToy({ fails: 1 });
  const shared = takeTurns(model);
  const leaving = new AbortController();
  const left = start(shared, 0, { signal: leaving.signal });
  const broken = start(shared, 1);
  const ended = decodePlain(shared, PROMPTS[2], options());
  const other = start(shared, 3);
  await ended.next();
  await ended.return();
  leaving.abort(new Error("gone"));
  await assertRejects(() => left, Error, "gone");
  await assertRejects(() => broken, RangeError, "broken");
  assertEquals(await other, alone);
  assertEquals(toy.opened.map(({ closed }) => closed), PROMPTS.map(() => true));
});
