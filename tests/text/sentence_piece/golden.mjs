/**
 * Tokenises by llama.cpp, in a Node process of its own. Arguments: where the package is
 * installed, the path of the GGUF file and of the texts. Prints the ids of each text.
 *
 * @module
 */

import process from "node:process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [packages, modelPath, textsPath] = process.argv.slice(2);
const path = createRequire(packages).resolve("node-llama-cpp");
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(path).href);

const llama = await getLlama({
  gpu: false,
  build: "never",
  skipDownload: true,
  logLevel: LlamaLogLevel.error,
});
const model = await llama.loadModel({ modelPath, vocabOnly: true });
const texts = JSON.parse(readFileSync(textsPath, "utf8"));
const ids = texts.map((text) => [...model.tokenize(text)]);
process.stdout.write(JSON.stringify(ids) + "\n", () => process.exit(0));
