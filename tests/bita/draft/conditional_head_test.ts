import { assertAlmostEquals, assertEquals } from "@std/assert";
import { topK } from "../../../lib/bita/choose/top_k.ts";
import {
  ConditionalHead,
  RERANKED,
} from "../../../lib/bita/draft/conditional_head.ts";
import { levels } from "../../../lib/bita/draft/guesses.ts";
import { ToyModel } from "../../toy/model.ts";
import { guessSources } from "../_sources.ts";

/** A head of two masks, in which token 9 likes 4 and dislikes 3 as the next token. */
const HEAD = new ConditionalHead({
  vocab: Int32Array.of(3, 4, 9),
  rank: 2,
  prev: Float32Array.of(0, 0, 0, 0, 1, 2),
  next: Float32Array.of(-1, -1, 3, 1, 0, 0),
  depth: Float32Array.of(1, 1, 0.5, -1, 0.5, 2, 1, -2),
}, 50);

/** Logits of 3, 4 and 5, which are more than those of all other tokens. */
const LOGITS = Float32Array.from({ length: 50 }, (_, id) => {
  return { 3: 5, 4: 4, 5: 3 }[id] ?? -id;
});
const ROW = topK(LOGITS, RERANKED);

/** Returns the probabilities of guesses by their scores and that of none. */
function softmax(scores: number[], none: number): number[] {
  const sum = [...scores, none].reduce((sum, x) => sum + Math.exp(x), 0);
  return scores.map((score) => Math.exp(score) / sum);
}

/** Returns the logit of the least likely of the guesses, relative to the best. */
const LAST = LOGITS[ROW.ids.at(-1)!] - 5;

Deno.test("rerank() adds the score of each pair to the logits", () => {
  const { ids, shares } = HEAD.rerank(ROW, { mask: 1, before: 9 });
  assertEquals(ids.slice(0, 3), [4, 5, 0]);
  const beside = ROW.ids.map((id) => 0.5 * (LOGITS[id] - 5));
  const pairs = ROW.ids.map((id) => 2 * ({ 3: -3, 4: 5 }[id] ?? 0));
  const scores = beside.map((score, rank) => score + pairs[rank]);
  const expected = softmax(scores, LAST - 2).toSorted((a, b) => b - a);
  for (const [rank, share] of shares.entries()) {
    assertAlmostEquals(share, expected[rank], 1e-6);
  }
});

Deno.test("rerank() keeps the order after a token without a row", () => {
  const { ids, shares } = HEAD.rerank(ROW, { mask: 0, before: 8 });
  assertEquals(ids, ROW.ids.slice(0, ids.length));
  const scores = ROW.ids.map((id) => LOGITS[id] - 5);
  assertAlmostEquals(shares[0], softmax(scores, 0.5 * LAST - 1)[0], 1e-6);
});

Deno.test("rerank() takes a row of fewer tokens than it compares", () => {
  const few = topK(Float32Array.of(0, 0, 0, 1, 0), RERANKED);
  assertEquals(HEAD.rerank(few, { mask: 0, before: 9 }).ids.length, 5);
});

Deno.test("levels() reads each mask after the likeliest guess before it", () => {
  const from = guessSources(new ToyModel({ seed: 1, vocab: 50 }), {
    prompt: Int32Array.of(1),
    drafters: ["mask"],
  });
  const first = (successor?: number) =>
    [...levels(
      { root: 9, budget: 9, candidates: [ROW, ROW], successor },
      { ...from, conditional: HEAD },
    )].map(({ guesses: [best] }) => best.token);
  assertEquals(first(), [4, 3]);
  assertEquals(first(9), [9, 4, 3]);
});
