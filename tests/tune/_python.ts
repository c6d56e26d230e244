/**
 * A Python that has PyTorch, if there is one: it is too large to install for tests.
 *
 * @module
 */

import { homedir } from "node:os";
import { environmentFolder, pythonOf } from "../../models/tune/environment.ts";
import { ENVIRONMENT } from "../../models/tune/tune.ts";
import { writeTinyGguf } from "../toy/tiny_gguf.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** The path of a Python with the requirements, if there is one. */
export const PYTHON: string | undefined = findPython();

if (PYTHON === undefined) {
  console.warn(
    "Tuning is not tested: no Python has PyTorch. Set TUNE_PYTHON to one that does.",
  );
}

/** The result of a run of Python. */
export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs Python with one thread and `tune` on its path. */
export async function python(
  args: string[],
  env: Record<string, string> = {},
): Promise<Result> {
  const { code, stdout, stderr } = await new Deno.Command(PYTHON!, {
    args,
    cwd: ROOT,
    env: {
      PYTHONPATH: `${ROOT}models:${ROOT}tests/tune`,
      PYTHONDONTWRITEBYTECODE: "1",
      OMP_NUM_THREADS: "1",
      ...env,
    },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Calls `use` with a folder that has `tiny.gguf`, and removes the folder after. */
export async function withTinyModel(
  use: (paths: { folder: string; model: string }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const model = `${folder}/tiny.gguf`;
    await writeTinyGguf(model, { seed: 1 });
    await use({ folder, model });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function findPython(): string | undefined {
  const places = [
    Deno.env.get("TUNE_PYTHON"),
    `${homedir()}/venv/bin/python`,
    pythonOf(environmentFolder(ENVIRONMENT)),
  ];
  return places.find((place) => place !== undefined && hasTorch(place));
}

/** Only looks the modules up: importing them takes seconds. */
function hasTorch(place: string): boolean {
  const code =
    "import importlib.util as u; exit(not all(map(u.find_spec, ['torch', 'gguf', 'tokenizers', 'safetensors', 'jinja2', 'matplotlib'])))";
  try {
    return new Deno.Command(place, { args: ["-c", code] }).outputSync().success;
  } catch {
    return false; // there is no such file
  }
}
