/**
 * Tokenises by llama.cpp, in a Node process of its own. Arguments: the path of the
 * GGUF file and of the texts. Prints the ids of each text.
 *
 * @module
 */

import process from "node:process";
import { readFileSync } from "node:fs";
import { openLlama } from "../../bench/llama/open.mjs";

const [modelPath, textsPath] = process.argv.slice(2);

const llama = await openLlama();
const model = await llama.loadModel({ modelPath, vocabOnly: true });
const texts = JSON.parse(readFileSync(textsPath, "utf8"));
const ids = texts.map((text) => [...model.tokenize(text)]);
process.stdout.write(JSON.stringify(ids) + "\n", () => process.exit(0));
