/**
 * All that can change a bit of a key or value on this host, in one name.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { cpus } from "node:os";
import { basename } from "node:path";
import { env } from "onnxruntime-common";
import type { Artefact } from "../../models/artefact.ts";
import type { BackendName } from "./backend.ts";

/** How a model runs. */
export interface RunningModel {
  artefact: Artefact;
  backend: BackendName;
  threads: number;
  /** Slots before the text; they move its slots. */
  prompts: number;
}

/** Names a model as it runs here, in 32 hex digits. */
export function fingerprint(
  { artefact, backend, threads, prompts }: RunningModel,
): string {
  const all = [
    artefact.digest,
    basename(artefact.folder), // format and converter
    backend,
    threads,
    prompts,
    env.versions.common,
    Deno.build.arch,
    cpus()[0]?.model,
  ];
  const hash = createHash("sha256").update(JSON.stringify(all));
  return hash.digest("hex").slice(0, 32);
}
