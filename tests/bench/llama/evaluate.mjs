/**
 * Greedy decoding by llama.cpp, in a Node process of its own.
 *
 * Arguments are the GGUF's path, the threads, the tokens of context and, if it shall
 * draft what followed the same tokens in the prompt, `lookup`. Says how it runs in a
 * line of JSON, then answers a line for each line on standard input:
 * `{"prompt": ids, "count": n}` by `{"tokens": ids, "firstMs": x, "restMs": y}`:
 * the milliseconds to the first token and from it to the last. `{"prompt": ids,
 * "path": file}` is answered by `{"coldMs": x, "restoredMs": y}`: the milliseconds to
 * the first token with all computed, and with all but the last token read back.
 *
 * @module
 */

import { createInterface } from "node:readline";
import process from "node:process";

/** Installed beside this file for Node; a name in a variable hides it from Deno. */
const PACKAGE = "node-llama-cpp";
const { getLlama, InputLookupTokenPredictor, LlamaLogLevel } = await import(
  PACKAGE
);

const [modelPath, threads, contextSize, draft] = process.argv.slice(2);

const llama = await getLlama({
  gpu: false,
  build: "never",
  skipDownload: true,
  maxThreads: Number(threads),
  logLevel: LlamaLogLevel.error,
});
const model = await llama.loadModel({ modelPath });
const context = await model.createContext({
  contextSize: Number(contextSize),
  threads: { ideal: Number(threads), min: Number(threads) },
});
const sequence = context.getSequence(
  draft === "lookup" ? { tokenPredictor: new InputLookupTokenPredictor() } : {},
);

say({
  release: llama.llamaCppRelease.release,
  threads: context.currentThreads,
  flashAttention: context.flashAttention,
  batch: context.batchSize,
  system: llama.systemInfo,
});

for await (const line of createInterface({ input: process.stdin })) {
  const { prompt, count, path } = JSON.parse(line);
  if (path !== undefined) {
    say(await restore(prompt, path));
    continue;
  }
  await sequence.clearHistory();
  const tokens = [];
  const begun = performance.now();
  let first = begun;
  const evaluated = sequence.evaluate(prompt, {
    temperature: 0,
    yieldEogToken: true, // and go on: every run has the same length
  });
  for await (const token of evaluated) {
    if (tokens.push(token) === 1) first = performance.now();
    if (tokens.length === count) break;
  }
  const restMs = performance.now() - first;
  say({ tokens, firstMs: first - begun, restMs });
}
await llama.dispose();

async function restore(prompt, path) {
  const [known, last] = [prompt.slice(0, -1), prompt.slice(-1)];
  await sequence.clearHistory();
  const coldMs = await firstMs(prompt);
  await sequence.clearHistory();
  await sequence.evaluateWithoutGeneratingNewTokens(known);
  await sequence.saveStateToFile(path);
  await sequence.clearHistory();
  const begun = performance.now();
  await sequence.loadStateFromFile(path, { acceptRisk: true });
  const loadMs = performance.now() - begun;
  return { coldMs, restoredMs: loadMs + await firstMs(last) };
}

async function firstMs(tokens) {
  const begun = performance.now();
  const evaluated = sequence.evaluate(tokens, {
    temperature: 0,
    yieldEogToken: true,
  });
  for await (const _ of evaluated) break;
  return performance.now() - begun;
}

function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
