/**
 * What a start has found out on this machine, noted beside the graphs for later starts.
 *
 * @module
 */

import { cpus } from "node:os";

/** How a model runs, as far as notes depend on it. */
export interface NotePlace {
  /** Folder of the graphs. */
  folder: string;
  backend: string;
  threads: number;
}

/** Reads what was noted as `kind` on this processor, unless it is absent or damaged. */
export async function readNote(
  kind: string,
  place: NotePlace,
): Promise<Record<string, unknown> | undefined> {
  try {
    const note = JSON.parse(await Deno.readTextFile(pathOf(kind, place)));
    return note.processor === await processor() ? note : undefined;
  } catch {
    return undefined;
  }
}

/** Notes something, unless the folder can't be written to, as in images. */
export async function writeNote(
  kind: string,
  place: NotePlace,
  note: Record<string, unknown>,
): Promise<void> {
  const path = pathOf(kind, place);
  const temporary = `${path}.${crypto.randomUUID()}`;
  try {
    const text = JSON.stringify({ ...note, processor: await processor() });
    await Deno.writeTextFile(temporary, text);
    await Deno.rename(temporary, path);
  } catch {
    await Deno.remove(temporary).catch(() => {});
    // The next start finds it out again.
  }
}

/** Removes a note, if it is there. */
export async function removeNote(
  kind: string,
  place: NotePlace,
): Promise<void> {
  await Deno.remove(pathOf(kind, place)).catch(() => {});
}

function pathOf(
  kind: string,
  { folder, backend, threads }: NotePlace,
): string {
  return `${folder}/${kind}-${backend}-${threads}.json`;
}

/** Returns the processor's name, and on Linux what it can do. */
async function processor(): Promise<string> {
  const name = cpus()[0]?.model ?? "";
  try {
    const text = await Deno.readTextFile("/proc/cpuinfo");
    return `${name}: ${/^(?:flags|Features)\s*: (.*)$/m.exec(text)?.[1]}`;
  } catch {
    return name;
  }
}
