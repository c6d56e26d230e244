/**
 * The models that are in the cache: files that were downloaded, and the graphs that they
 * were converted to.
 *
 * @module
 */

import { openGguf } from "../gguf/reader.ts";
import { REGISTRY, type RemoteModel, resolveModel } from "../registry.ts";
import { entriesOf, sizeOf } from "./folder.ts";

/** A model file in the cache. */
export interface StoredModel {
  /** Registry id, or the repository and file at a hub, or the name of the file. */
  name: string;
  path: string;
  /** As the file says it, such as `"llama"`; `"unreadable"` for a damaged file. */
  architecture: string;
  /** As the file or the registry says it, or `"unknown"`. */
  license: string;
  /** Size of the file. */
  bytes: number;
  /** Size of the graphs that it was converted to, in all formats. */
  graphBytes: number;
  /** SHA-256 of the file, in hex, if it is known. */
  digest?: string;
  /** Paths of all that belongs to the model: its file, notes beside it, graphs. */
  paths: string[];
}

/** Lists the models in a cache, by name. */
export async function storedModels(cacheDir: string): Promise<StoredModel[]> {
  const folder = `${cacheDir}/models`;
  const files = (await entriesOf(folder))
    .filter(({ name }) => name.endsWith(".gguf"));
  const models = await Promise.all(
    files.map(({ name }) => storedModel(`${folder}/${name}`, cacheDir)),
  );
  return models.sort((a, b) => a.name < b.name ? -1 : 1);
}

async function storedModel(
  path: string,
  cacheDir: string,
): Promise<StoredModel> {
  const file = path.slice(path.lastIndexOf("/") + 1);
  const card = REGISTRY.values().find(({ id }) => {
    const model = resolveModel(id);
    return "file" in model && model.file === file;
  });
  const notePath = path.replace(/\.gguf$/, ".hub.json");
  const note = await readJson<RemoteModel>(notePath);
  const checked = await readJson<{ sha256: string }>(`${path}.checked.json`);
  const digest = card?.sha256 ?? note?.sha256 ?? checked?.sha256;
  const metadata = await openGguf(path).then(
    ({ metadata }) => metadata,
    () => ({ "general.architecture": "unreadable" }),
  ) as Record<string, unknown>;
  const { graphs, bytes } = await graphsOf(cacheDir, digest);
  return {
    name: card?.id ?? (note && nameAtHub(note)) ?? file,
    path,
    architecture: String(metadata["general.architecture"]),
    license: card?.license ?? String(metadata["general.license"] ?? "unknown"),
    bytes: (await Deno.stat(path)).size,
    graphBytes: bytes,
    ...(digest !== undefined && { digest }),
    paths: [path, `${path}.lock`, `${path}.checked.json`, notePath, ...graphs],
  };
}

/** Returns the repository and the file of a note, such as `owner/name/file.gguf`. */
function nameAtHub({ sources: [source] }: RemoteModel): string | undefined {
  if (!source || !("url" in source)) return;
  const path = new URL(source.url).pathname;
  return decodeURI(path.slice(1).replace("/resolve/main/", "/"));
}

/** Returns the folders of a model's graphs, with their locks, and their size. */
async function graphsOf(cacheDir: string, digest?: string) {
  const folder = `${cacheDir}/graphs`;
  const graphs = digest === undefined ? [] : (await entriesOf(folder))
    .filter(({ name }) => name.startsWith(`${digest.slice(0, 16)}-`))
    .map(({ name }) => `${folder}/${name}`);
  const sizes = await Promise.all(graphs.map(sizeOf));
  return { graphs, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch {
    return undefined; // It is absent or damaged; the file itself says the rest.
  }
}
