/**
 * A tiny model as the server opens it, with a tuned adapter or without.
 *
 * @module
 */

import type { Model } from "../../lib/bita/decode/model.ts";
import { cpuBackend } from "../../lib/runtime/cpu/cpu_backend.ts";
import { openModel } from "../../lib/runtime/open_model.ts";
import { openArtefact } from "../../models/artefact.ts";
import { openGguf } from "../../models/gguf/reader.ts";

/** Opens a model in fp32; an adapter that is not there is an untrained one. */
export async function serve(
  path: string,
  { folder, adapter }: { folder: string; adapter: string },
): Promise<Model> {
  const silent = { start() {}, advance() {}, stop() {}, note() {} };
  const artefact = await openArtefact(await openGguf(path), {
    cacheDir: folder,
    format: "fp32",
    progress: silent,
    adapter,
  });
  return await openModel(cpuBackend(1), artefact, { context: 256 });
}
