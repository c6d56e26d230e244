/**
 * What the cache of models can do without: graphs that this version does not open, and
 * what interrupted downloads and conversions have left.
 *
 * @module
 */

import { CONVERTER_VERSION } from "../artefact.ts";
import { fileDigest } from "../download/digest.ts";
import { REGISTRY } from "../registry.ts";
import { changedAt, entriesOf, sizeOf } from "./folder.ts";
import { storedModels } from "./stored_models.ts";

/** A file or folder that can be removed. */
export interface Prunable {
  path: string;
  bytes: number;
  /** Why nothing needs it. */
  reason: string;
}

/** What to look for. */
export interface PruneOptions {
  /** Folder of all caches. */
  cacheDir: string;
  /** Whether graphs of files outside the cache go, too. They can be made again. */
  foreign: boolean;
  /** Milliseconds since 1970. */
  now: number;
}

/** Milliseconds after which an incomplete file has no process that completes it. */
const ABANDONED_MS = 60 * 60 * 1000;

/** A folder of graphs: digest of the model, version, digest of the adapter. */
const GRAPHS = /^([\da-f]{16})-.*\bv(\d+)(?:-([\da-f]{16}))?$/;

/** Names of what is incomplete, beside its complete file or folder. */
const INCOMPLETE = /\.(partial|pip|json\.[\da-f-]{36})$/;

/** Lists what can be removed; nothing that a running server of this version uses. */
export async function prunable(options: PruneOptions): Promise<Prunable[]> {
  const { cacheDir } = options;
  return [
    ...await oldGraphs(`${cacheDir}/graphs`, options),
    ...await abandoned(`${cacheDir}/graphs`, options),
    ...await abandoned(`${cacheDir}/models`, options),
  ];
}

async function oldGraphs(
  folder: string,
  { cacheDir, foreign }: PruneOptions,
): Promise<Prunable[]> {
  const models = await storedModels(cacheDir);
  const kept = new Set(models.map(({ digest }) => digest?.slice(0, 16)));
  const adapters = await adapterDigests();
  function reasonFor(name: string): string | undefined {
    const [, model, version, adapter] = GRAPHS.exec(name) ?? [];
    if (model === undefined) return;
    if (Number(version) !== CONVERTER_VERSION) return "of another version";
    if (adapter && adapters.has(model) && adapters.get(model) !== adapter) {
      return "for another adapter";
    }
    if (foreign && !kept.has(model)) return "of a file outside the cache";
  }
  return await collect(folder, (name) => Promise.resolve(reasonFor(name)));
}

/** Returns the start of the digest of each registered model's adapter, by that of the model. */
async function adapterDigests(): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const { id, sha256 } of REGISTRY.values()) {
    const url = new URL(`../${id}/bita.safetensors`, import.meta.url);
    const digest = await fileDigest(url).catch(() => undefined);
    if (digest) digests.set(sha256.slice(0, 16), digest.slice(0, 16));
  }
  return digests;
}

async function abandoned(
  folder: string,
  { now }: PruneOptions,
): Promise<Prunable[]> {
  return await collect(folder, async (name) => {
    if (!INCOMPLETE.test(name)) return;
    const age = now - await changedAt(`${folder}/${name}`);
    return age > ABANDONED_MS ? "incomplete" : undefined;
  });
}

async function collect(
  folder: string,
  reasonFor: (name: string) => Promise<string | undefined>,
): Promise<Prunable[]> {
  const found: Prunable[] = [];
  for (const { name } of await entriesOf(folder)) {
    const reason = await reasonFor(name);
    if (reason === undefined) continue;
    const path = `${folder}/${name}`;
    found.push({ path, bytes: await sizeOf(path), reason });
  }
  return found.sort((a, b) => a.path < b.path ? -1 : 1);
}
