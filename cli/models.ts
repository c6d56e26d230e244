/**
 * `pull`, `models`, `models prune` and `models remove`: what is on the disk of this
 * machine.
 *
 * @module
 */

import type { Config } from "../lib/config/config.ts";
import { prepareModel } from "../lib/engine/loading/prepare_model.ts";
import { prunable } from "../models/cache/prune.ts";
import { storedModels } from "../models/cache/stored_models.ts";
import { writeIndex } from "../models/graph_store.ts";

/** Whether to remove without a question. */
interface Consent {
  yes?: boolean;
}

/** Downloads and converts the configured models, ready to be put into a store. */
export async function pull(config: Config): Promise<void> {
  for (const name of config.models) {
    const { id, gguf, artefact } = await prepareModel(name, config);
    const { folder, format } = artefact;
    await writeIndex(folder);
    console.log(
      `${id}: ${gguf.path}, converted to ${format} weights in ${folder}`,
    );
  }
}

/** Prints a table of the models in the cache. */
export async function list({ cacheDir }: Config): Promise<void> {
  const models = await storedModels(cacheDir);
  const rows = models.map((model) => [
    model.name,
    model.architecture,
    megabytes(model.bytes),
    megabytes(model.graphBytes),
    model.license,
  ]);
  if (rows.length === 0) console.log(`No model in ${cacheDir}/models`);
  else {console.log(table([
      ["NAME", "ARCHITECTURE", "FILE", "GRAPHS", "LICENSE"],
      ...rows,
    ]));}
}

/** Removes what no model in the cache needs. */
export async function prune(
  { cacheDir }: Config,
  { all = false, ...consent }: Consent & { all?: boolean },
): Promise<void> {
  const now = Date.now();
  const found = await prunable({ cacheDir, foreign: all, now });
  const parts = found.map(({ path, bytes, reason }) => ({
    label: `${path} (${reason})`,
    bytes,
    paths: [path],
  }));
  await removeAll(parts, consent);
}

/**
 * Removes models.
 *
 * @throws {Deno.errors.NotFound} if one has no name of the list.
 */
export async function remove(
  names: string[],
  { cacheDir }: Config,
  consent: Consent,
): Promise<void> {
  const models = await storedModels(cacheDir);
  const known = models.map(({ name }) => name).join(", ") || "none";
  const removed = names.map((name) => {
    const model = models.find((it) => it.name === name);
    if (model) return model;
    throw new Deno.errors.NotFound(
      `Cannot remove the model: its name must be one of ${known}: received "${name}"`,
    );
  });
  const parts = removed.map(({ name, bytes, graphBytes, paths }) => ({
    label: name,
    bytes: bytes + graphBytes,
    paths,
  }));
  await removeAll(parts, consent);
}

/** Shows what would go, and removes it with consent. */
async function removeAll(
  parts: { label: string; bytes: number; paths: string[] }[],
  { yes = false }: Consent,
): Promise<void> {
  if (parts.length === 0) return console.log("Nothing to remove");
  console.log(
    table(parts.map(({ label, bytes }) => [label, megabytes(bytes)])),
  );
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  if (!yes && !confirmed(`Remove ${megabytes(bytes)}?`)) {
    return console.log("Nothing was removed");
  }
  for (const path of parts.flatMap(({ paths }) => paths)) {
    await Deno.remove(path, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
  console.log(`${megabytes(bytes)} removed`);
}

/**
 * Asks a person.
 *
 * @throws {TypeError} if none is there.
 */
function confirmed(question: string): boolean {
  if (Deno.stdin.isTerminal()) return confirm(question);
  throw new TypeError(
    "Cannot remove anything: --yes is required where nobody can be asked: received no terminal",
  );
}

/** Formats rows as columns that are as wide as their longest cell. */
function table(rows: string[][]): string {
  const widths = rows[0].map((_, column) =>
    Math.max(...rows.map((row) => row[column].length))
  );
  return rows.map((row) =>
    row.map((cell, column) => cell.padEnd(widths[column])).join("  ").trimEnd()
  ).join("\n");
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
