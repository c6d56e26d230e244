import { assertEquals } from "@std/assert";
import { GREEDY } from "../../../lib/bita/choose/sampling.ts";
import { Writer } from "../../../lib/bita/decode/writer.ts";
import { ToyModel } from "../../toy/model.ts";

const PROMPT = Int32Array.of(3, 4);

/** Writes tokens from rows that prefer token 0, then 1, then 2. */
function write(penalty: Partial<typeof GREEDY>, length: number): number[] {
  const model = new ToyModel({ vocab: 5 });
  const writer = new Writer(model.shape, PROMPT, {
    sampling: { ...GREEDY, ...penalty },
    maxTokens: 99,
    endTokens: new Set(),
  });
  const row = Float32Array.of(2.5, 1, 0, -9, -9);
  return Array.from({ length }, () => writer.next(row)!);
}

Deno.test("Writer counts each token that it has written", () => {
  assertEquals(write({}, 4), [0, 0, 0, 0]);
  assertEquals(write({ presencePenalty: 2 }, 4), [0, 1, 0, 0]);
  assertEquals(write({ frequencyPenalty: 1 }, 6), [0, 0, 1, 0, 1, 2]);
  assertEquals(write({ repetitionPenalty: 3 }, 4), [0, 1, 0, 0]);
});

Deno.test("Writer needs more than the best logit where settings change logits", () => {
  const { shape } = new ToyModel({ vocab: 5 });
  const needsBest = (changes: object) =>
    new Writer(shape, PROMPT, {
      sampling: { ...GREEDY, ...changes },
      maxTokens: 99,
      endTokens: new Set(),
    }).needsBest;
  assertEquals(needsBest({ topP: 0.5, topK: 3, seed: 1 }), true);
  for (
    const changes of [
      { temperature: 0.1 },
      { repetitionPenalty: 1.1 },
      { presencePenalty: 1 },
      { frequencyPenalty: 1 },
      { logitBias: new Map([[1, 1]]) },
    ]
  ) assertEquals(needsBest(changes), false, JSON.stringify(changes));
});

Deno.test("Writer adds no token after the end of the text", () => {
  const row = Float32Array.of(9, 1, 0, 0, 0);
  const options = { sampling: GREEDY, maxTokens: 2 };
  const long = new Writer(new ToyModel({ vocab: 5 }).shape, PROMPT, {
    ...options,
    endTokens: new Set(),
  });
  assertEquals([long.next(row), long.next(row), long.next(row)], [
    0,
    0,
    undefined,
  ]);
  assertEquals(long.finish, "length");

  const ended = new Writer(new ToyModel({ vocab: 5 }).shape, PROMPT, {
    ...options,
    endTokens: new Set([0]),
  });
  assertEquals([ended.next(row), ended.next(row)], [undefined, undefined]);
  assertEquals(ended.finish, "stop");
  assertEquals(ended.last, 4);
});

Deno.test("Writer chooses no end token before the least number of tokens", () => {
  const row = Float32Array.of(9, 1, 0, 0, 0);
  const writer = new Writer(new ToyModel({ vocab: 5 }).shape, PROMPT, {
    sampling: { ...GREEDY, logitBias: new Map([[0, 5]]) },
    maxTokens: 9,
    minTokens: 2,
    endTokens: new Set([0]),
  });
  assertEquals([1, 2, 3].map(() => writer.next(row)), [1, 1, undefined]);
  assertEquals(writer.finish, "stop");
});

Deno.test("Writer ends a text before that where a grammar leaves nothing else", () => {
  const writer = new Writer(new ToyModel({ vocab: 5 }).shape, PROMPT, {
    sampling: GREEDY,
    maxTokens: 9,
    minTokens: 2,
    endTokens: new Set([0, 3]),
    constraint: {
      forced: () => [],
      mask: () => Uint32Array.of(0b01001),
      allows: () => false,
      commit: () => {},
      isComplete: false,
    },
  });
  assertEquals(writer.next(Float32Array.of(1, 9, 9, 2, 9)), undefined);
  assertEquals(writer.finish, "stop");
});
