import { draft } from "../_shape_planner.ts";
import { assert } from "@std/assert";
import { GREEDY } from "../../../lib/bita/choose/sampling.ts";
import { chain } from "../../../lib/bita/tree/tree.ts";
import { ToyModel } from "../../toy/model.ts";
import { chiSquareChance } from "../_chi_square.ts";
import { run } from "../_run.ts";

const SEEDS = 20_000;
const VOCAB = 5;
const PROMPT = [3, 1];

/** Returns the chance of each next token from the logits of the model. */
async function nextChances(text: number[]): Promise<number[]> {
  const model = new ToyModel({ vocab: VOCAB });
  const tokens = Int32Array.from(text);
  const [{ logits }] = await model.run([{
    sequence: model.open(tokens),
    start: 2,
    tokens,
    parents: chain(text.length - 1),
    read: [text.length - 1],
  }]);
  const weights = Array.from(logits[0], Math.exp);
  const total = weights.reduce((sum, weight) => sum + weight);
  return weights.map((weight) => weight / total);
}

/** Returns the chances of all texts of `length` more tokens, in the order of the ids. */
async function chances(text: number[], length: number): Promise<number[]> {
  if (length === 0) return [1];
  const out: number[] = [];
  for (const [token, chance] of (await nextChances(text)).entries()) {
    const rest = await chances([...text, token], length - 1);
    out.push(...rest.map((c) => c * chance));
  }
  return out;
}

Deno.test("decode() at temperature 1 draws texts by their probabilities", async () => {
  const model = new ToyModel({ vocab: VOCAB });
  const counts = new Array(VOCAB ** 3).fill(0);
  let accepted = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const { tokens, outputs } = await run(
      draft(model, Int32Array.from(PROMPT), {
        sampling: { ...GREEDY, temperature: 1, seed },
        maxTokens: 3,
        endTokens: new Set(),
      }),
    );
    const [a, b, c] = tokens;
    counts[(a * VOCAB + b) * VOCAB + c]++;
    for (const output of outputs) accepted += output.accepted;
  }
  assert(accepted > SEEDS / 4, `only ${accepted} guesses accepted`);
  const expected = await chances(PROMPT, 3);
  const chance = chiSquareChance(counts, expected.map((c) => c * SEEDS));
  assert(chance > 0.001, `chance ${chance}`);
});
