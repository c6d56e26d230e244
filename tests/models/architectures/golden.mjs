/**
 * The best next tokens by llama.cpp, in a Node process of its own. Arguments: the path
 * of the GGUF file, the text's ids and the lengths to answer, in JSON. Prints a list of
 * `[token, logit]` for each length, best first; the best logit counts as 0.
 *
 * @module
 */

import process from "node:process";
import { openLlama } from "../../bench/llama/open.mjs";

const [modelPath, ids, lengths] = process.argv.slice(2);

const llama = await openLlama();
const model = await llama.loadModel({ modelPath });
const context = await model.createContext({
  contextSize: 512,
  flashAttention: false,
  experimentalKvCacheKeyType: "F32",
  experimentalKvCacheValueType: "F32",
});
const sequence = context.getSequence();
const tokens = JSON.parse(ids);
const answers = [];
for (const length of JSON.parse(lengths)) {
  await sequence.clearHistory();
  const results = await sequence.controlledEvaluate([
    ...tokens.slice(0, length - 1),
    [tokens[length - 1], {
      generateNext: { probabilities: true, options: { temperature: 1 } },
    }],
  ]);
  const { probabilities } = results.at(-1).next;
  const [[, most]] = probabilities;
  answers.push(
    [...probabilities].filter(([, p]) => p > 0)
      .map(([token, p]) => [token, Number(Math.log(p / most).toFixed(5))]),
  );
}
console.log(JSON.stringify(answers));
process.exit(0);
