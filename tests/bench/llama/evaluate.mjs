/**
 * Greedy decoding by llama.cpp, in a Node process of its own.
 *
 * Arguments: the path of the GGUF file, the number of threads, the tokens of context a
 * sequence, and `lookup` if the decoder should draft by copying from the prompt. The
 * first line of output describes the settings; each later line answers one line of
 * input. All are JSON, all times are in milliseconds.
 *
 * - `{"prompt": ids, "count": n}` → `{"tokens": ids, "firstMs": x, "restMs": y}`: the
 *   time to the first token, and from it to the last.
 * - `{"prompts": [ids, …], "count": n}` → `[{"tokens": ids, "times": [x, …]}, …]`: all
 *   prompts at once, as sequences of one context; when each token came.
 * - `{"prompt": ids, "path": file}` → `{"coldMs": x, "restoredMs": y}`: the time to the
 *   first token with the whole prompt computed, and with all but its last token read
 *   from the file.
 *
 * @module
 */

import { createInterface } from "node:readline";
import process from "node:process";
import { InputLookupTokenPredictor, openLlama } from "./open.mjs";

const [modelPath, threads, contextSize, draft] = process.argv.slice(2);

/** Continues after an end of text, so that all runs have the same length. */
const GREEDY = { temperature: 0, yieldEogToken: true };

const llama = await openLlama({ maxThreads: Number(threads) });
const model = await llama.loadModel({ modelPath });
const context = await createContext(1);
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

/** The context of the last prompts that were decoded at once. */
let shared;

for await (const line of createInterface({ input: process.stdin })) {
  const { prompt, prompts, count, path } = JSON.parse(line);
  if (path !== undefined) say(await restore(prompt, path));
  else if (prompts !== undefined) say(await together(prompts, count));
  else {
    await sequence.clearHistory();
    const { tokens, times } = await continued(sequence, prompt, count);
    say({ tokens, firstMs: times[0], restMs: times.at(-1) - times[0] });
  }
}
await llama.dispose();

function createContext(sequences) {
  return model.createContext({
    sequences,
    contextSize: Number(contextSize),
    threads: { ideal: Number(threads), min: Number(threads) },
  });
}

async function continued(sequence, prompt, count) {
  const tokens = [];
  const times = [];
  const begun = performance.now();
  for await (const token of sequence.evaluate(prompt, GREEDY)) {
    times.push(performance.now() - begun);
    if (tokens.push(token) === count) break;
  }
  return { tokens, times };
}

async function together(prompts, count) {
  if (shared?.sequences.length !== prompts.length) {
    await shared?.context.dispose();
    const context = await createContext(prompts.length);
    shared = { context, sequences: prompts.map(() => context.getSequence()) };
    await all(prompts.map((prompt) => prompt.slice(0, 8)), 2); // not timed
  }
  return await all(prompts, count);
}

async function all(prompts, count) {
  const { sequences } = shared;
  for (const sequence of sequences) await sequence.clearHistory();
  return await Promise.all(
    prompts.map((prompt, i) => continued(sequences[i], prompt, count)),
  );
}

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
  return (await continued(sequence, tokens, 1)).times[0];
}

function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
