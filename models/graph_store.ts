/**
 * Graphs that were converted elsewhere, and lie where a web server or an object store
 * serves them:
 *
 * ```text
 * ADDRESS/NAME OF THE FOLDER/index.json     the files, with sizes and digests
 * ADDRESS/NAME OF THE FOLDER/weights.bin    …
 * ```
 *
 * The name has the digests of the model and its adapter, so that graphs of other ones are
 * not found. What is fetched becomes a folder of the cache once all of it is right.
 *
 * @module
 */

import { z } from "zod";
import { entriesOf } from "./cache/folder.ts";
import { fileDigest } from "./download/digest.ts";
import { fetchInto, type HttpPatience } from "./download/http_source.ts";
import { PartialFile } from "./download/partial_file.ts";
import type { Progress } from "./download/progress.ts";
import { isTrusted } from "./download/trust.ts";

const INDEX = "index.json";

/** Names of the files that a conversion makes. */
const FILE = /^([\w-]+\.onnx|weights\.(bin|json))$/;

/** Without these files, no model opens. */
const NEEDED = ["body.onnx", "head.onnx", "weights.bin", "weights.json"];

/** Milliseconds for the index. */
const INDEX_MS = 5_000;

/** A file of a store. */
const STORED = z.object({
  name: z.string().regex(FILE),
  bytes: z.int().positive(),
  sha256: z.string().regex(/^[\da-f]{64}$/),
});

const FILES = z.array(STORED).refine(
  (files) => NEEDED.every((name) => files.some((file) => file.name === name)),
  `${NEEDED.join(", ")} are required`,
);

/** How graphs are fetched. */
export interface FetchOptions extends HttpPatience {
  /** Where the folder is to be; it does not exist yet. */
  folder: string;
  progress: Progress;
}

/** Lists the files of a folder of graphs in it, so that the folder can be put into a store. */
export async function writeIndex(folder: string): Promise<void> {
  const names = (await entriesOf(folder)).map(({ name }) => name);
  const files = await Promise.all(
    names.filter((name) => FILE.test(name)).sort().map(async (name) => {
      const { size: bytes } = await Deno.stat(`${folder}/${name}`);
      return { name, bytes, sha256: await fileDigest(`${folder}/${name}`) };
    }),
  );
  await saveIndex(folder, files);
}

/**
 * Fetches the folder of graphs at `url`. What an earlier process has fetched of it is not
 * fetched again. If that is not possible, a line of the progress says why.
 *
 * @returns whether the folder is there now.
 */
export async function fetchGraphs(
  url: string,
  { folder, progress, ...patience }: FetchOptions,
): Promise<boolean> {
  try {
    const files = await readIndex(url);
    const partial = partialOf(folder);
    await Deno.mkdir(partial, { recursive: true });
    for (const { name, ...expected } of files) {
      const path = `${partial}/${name}`;
      if (await isTrusted(path, expected.sha256)) continue;
      using file = await PartialFile.open(path, expected);
      await fill(file, `${url}/${name}`, { progress, ...patience });
    }
    const names = new Set(files.map(({ name }) => name));
    for (const { name } of await entriesOf(partial)) {
      if (!names.has(name)) await Deno.remove(`${partial}/${name}`);
    }
    await saveIndex(partial, files);
    await Deno.rename(partial, folder);
    return true;
  } catch (error) {
    const { message } = error as Error;
    progress.note(`The graphs are not fetched but made here: ${message}`);
    return false;
  }
}

/** Removes what was fetched of a folder of graphs that was made here instead. */
export async function forgetFetched(folder: string): Promise<void> {
  await Deno.remove(partialOf(folder), { recursive: true }).catch(() => {});
}

/** Fills a file; wrong bytes of an earlier process are fetched again. */
async function fill(
  file: PartialFile,
  url: string,
  options: HttpPatience & { progress: Progress },
): Promise<void> {
  const isResumed = file.length > 0;
  await fetchInto(file, url, options);
  await file.finish().catch(async (error) => {
    if (!isResumed) throw error;
    await fetchInto(file, url, options);
    await file.finish();
  });
}

async function readIndex(url: string): Promise<z.output<typeof FILES>> {
  const refuse = (rule: string, received: unknown) => {
    const { host } = new URL(url);
    return new Error(
      `Cannot fetch graphs from ${host}: ${rule}: received ${received}`,
    );
  };
  const signal = AbortSignal.timeout(INDEX_MS);
  const response = await fetch(`${url}/${INDEX}`, { signal }).catch((error) => {
    throw refuse("the server must respond", error.message);
  });
  const text = await response.text();
  if (!response.ok) throw refuse(`${INDEX} must exist`, response.status);
  try {
    return FILES.parse(JSON.parse(text));
  } catch (error) {
    const reason = error instanceof z.ZodError
      ? error.issues[0].message
      : "no JSON";
    throw refuse(`${INDEX} must list files`, reason);
  }
}

async function saveIndex(
  folder: string,
  files: z.output<typeof FILES>,
): Promise<void> {
  const temporary = `${folder}/${INDEX}.partial`;
  await Deno.writeTextFile(temporary, JSON.stringify(files, null, 2));
  await Deno.rename(temporary, `${folder}/${INDEX}`);
}

/** Returns where a folder of graphs is fetched to. */
function partialOf(folder: string): string {
  return `${folder}.fetched.partial`;
}
