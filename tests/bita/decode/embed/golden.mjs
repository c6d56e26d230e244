/**
 * The vectors of texts by llama.cpp, in a Node process of its own. Arguments: the path of
 * the GGUF file, the texts' ids and the lengths to embed, in JSON. Prints a vector for
 * each length, of length 1.
 *
 * @module
 */

import process from "node:process";
import { openLlama } from "../../../bench/llama/open.mjs";

const [modelPath, ids, lengths] = process.argv.slice(2);

const llama = await openLlama();
const model = await llama.loadModel({ modelPath });
const context = await model.createEmbeddingContext({ contextSize: 512 });
const vectors = [];
for (const length of JSON.parse(lengths)) {
  const { vector } = await context.getEmbeddingFor(
    JSON.parse(ids).slice(0, length),
  );
  const size = Math.hypot(...vector);
  vectors.push(vector.map((x) => Number((x / size).toFixed(5))));
}
console.log(JSON.stringify(vectors));
process.exit(0);
