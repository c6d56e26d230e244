/**
 * Writes `golden.jsonl`: the log-likelihoods that PyTorch finds with a tiny model.
 *
 * ```sh
 * deno run -A tests/lm_eval/golden.ts
 * ```
 *
 * @module
 */

import { openArtefact } from "../../models/artefact.ts";
import { openEnvironment } from "../../models/tune/environment.ts";
import { ENVIRONMENT } from "../../models/tune/tune.ts";
import { openGguf } from "../../models/gguf/reader.ts";
import { ggufVocabulary } from "../../models/gguf/vocabulary.ts";
import { Tokenizer } from "../../lib/text/tokenizer.ts";
import { defaultProgress } from "../../models/download/progress.ts";
import { writeTinyGguf } from "../toy/tiny_gguf.ts";
import { items } from "./_items.ts";
import { likelihoods, type Pair } from "./_reference.ts";

/** Items that the tests compare. */
const COUNT = 20;

const folder = await Deno.makeTempDir();
try {
  const model = `${folder}/tiny.gguf`;
  await writeTinyGguf(model, { seed: 1, context: 4096 });
  const gguf = await openGguf(model);
  const tokenizer = new Tokenizer(ggufVocabulary(gguf.metadata));
  const pairs = items().slice(0, COUNT).flatMap(({ query, choices }) =>
    choices.map((choice): Pair => [
      [...tokenizer.encode(query)],
      [...tokenizer.encode(` ${choice}`)],
    ])
  );
  const artefact = await openArtefact(gguf, {
    cacheDir: folder,
    format: "fp32",
    progress: defaultProgress(),
  });
  const found = await likelihoods(pairs, {
    python: await openEnvironment(ENVIRONMENT),
    model,
    folder: artefact.folder,
  });
  const lines = pairs.map((pair, i) =>
    JSON.stringify([...pair, Number(found[i].toFixed(6))])
  );
  await Deno.writeTextFile(
    new URL("golden.jsonl", import.meta.url),
    lines.join("\n") + "\n",
  );
} finally {
  await Deno.remove(folder, { recursive: true });
}
