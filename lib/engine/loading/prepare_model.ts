/**
 * From a model's name to what a worker can open: the file is downloaded and converted.
 *
 * A start waits for this, so what is only needed later is imported later.
 *
 * @module
 */

import { openArtefact } from "../../../models/artefact.ts";
import { modelFile } from "../../../models/download/download.ts";
import { defaultProgress } from "../../../models/download/progress.ts";
import { type Gguf, openGguf } from "../../../models/gguf/reader.ts";
import type { Metadata } from "../../../models/gguf/field.ts";
import { checkMerges } from "../../../models/gguf/vocabulary.ts";
import { resolveModel } from "../../../models/registry.ts";
import type { Config } from "../../config/config.ts";
import { chooseBackend, chooseWeights } from "../../runtime/choose_backend.ts";
import { sampleTokens } from "./sample.ts";

/** A model on the disk, in the form that its backend opens. */
export type PreparedModel = Awaited<ReturnType<typeof prepareModel>>;

/**
 * Downloads and converts a model, which takes a while the first time only. `text` opens
 * what reads and writes its text, and opens it again after `forgetText`.
 */
export async function prepareModel(name: string, config: Config) {
  const { cacheDir, hub, graphsUrl } = config;
  const progress = defaultProgress();
  const choosing = chooseBackend(
    config.backend,
    (reason) => progress.note(`BACKEND=auto is slow here: no cpu: ${reason}`),
  );
  choosing.catch(() => {}); // It is thrown below.
  const model = resolveModel(name);
  const path = await modelFile(model, { cacheDir, hub, progress });
  const gguf = await openGguf(path);
  const { text, forgetText } = textOpener(path, gguf.metadata);
  const backend = await choosing;
  const artefact = await openArtefact(gguf, {
    cacheDir,
    graphsUrl,
    format: chooseWeights(config.weights, backend, gguf.tensors),
    progress,
    adapter: adapterPath(model),
    reading: {
      tokens: async () => sampleTokens(await text()),
      async readLayer(layer) {
        const { readLayer } = await import("../../runtime/cpu/read_layer.ts");
        return await readLayer(layer, config);
      },
      async clipsSums(folder) {
        const { clipsSums } = await import("../../runtime/cpu/clips_sums.ts");
        return await clipsSums(folder);
      },
    },
    // A file whose text can't be read is refused before it is converted.
    beforeConversion: async () => checkMerges((await text()).vocabulary),
  });
  const file = withoutLists(gguf);
  return { id: model.id, gguf: file, backend, artefact, text, forgetText };
}

/** Returns what opens a model's text once, from metadata that were read or the file. */
function textOpener(path: string, read: Metadata) {
  let metadata: Metadata | undefined = read;
  let opened: ReturnType<typeof open> | undefined;
  async function open() {
    const { openText } = await import("./open_text.ts");
    return openText(metadata ?? (await openGguf(path)).metadata);
  }
  return {
    text: () =>
      opened ??= open().catch((error) => {
        opened = undefined;
        throw error;
      }),
    forgetText() {
      metadata = opened = undefined;
    },
  };
}

/** Returns a file without the vocabulary, which takes most of what was read. */
function withoutLists({ path, tensors, metadata }: Gguf) {
  const entries = Object.entries(metadata);
  const single = entries.filter(([, value]) => !Array.isArray(value));
  return { path, tensors, metadata: Object.fromEntries(single) };
}

/** Returns where a model's adapter is, if it has one. */
function adapterPath(model: ReturnType<typeof resolveModel>): string | URL {
  return "path" in model
    ? model.path.replace(/\.gguf$/, ".bita.safetensors")
    : new URL(`../../../models/${model.id}/bita.safetensors`, import.meta.url);
}
