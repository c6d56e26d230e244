/**
 * `deno task tune`: runs the Python package beside this file in an environment of
 * its own, made on the first call and kept in the cache.
 *
 * `TUNE_PYTHON` names a Python to use instead, as it is.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { homedir } from "node:os";

const HERE = import.meta.dirname!;

/** Gives the Python to run, with all that it requires. */
async function tunePython(): Promise<string> {
  return Deno.env.get("TUNE_PYTHON") || await ownPython();
}

/** Where the package's own environment is, or will be. */
export function environmentFolder(): string {
  const requirements = Deno.readTextFileSync(`${HERE}/requirements.txt`);
  const digest = createHash("sha256").update(requirements).digest("hex");
  const cacheHome = Deno.env.get("XDG_CACHE_HOME") || `${homedir()}/.cache`;
  const cacheDir = Deno.env.get("CACHE_DIR") || `${cacheHome}/bita`;
  return `${cacheDir}/tune-${digest.slice(0, 16)}`;
}

/** The Python of an environment. */
export function pythonOf(folder: string): string {
  return `${folder}/bin/python`;
}

/** Runs `python -m tune` with arguments; gives its exit code. */
async function tune(python: string, args: string[]): Promise<number> {
  const child = new Deno.Command(python, {
    args: ["-m", "tune", ...args],
    env: { PYTHONPATH: `${HERE}/..`, PYTHONDONTWRITEBYTECODE: "1" },
  }).spawn();
  // It saves its work before it ends. Ctrl-C reaches it without our help.
  Deno.addSignalListener("SIGINT", () => {});
  Deno.addSignalListener("SIGTERM", () => child.kill("SIGTERM"));
  return (await child.status).code;
}

/** Makes the environment unless a whole one is there. */
async function ownPython(): Promise<string> {
  const folder = environmentFolder();
  const python = pythonOf(folder);
  const whole = `${folder}/whole`;
  if (await exists(whole)) return python;
  console.error(`Installing what tuning requires into ${folder}`);
  await run("python3", ["-m", "venv", "--clear", folder]);
  await run(python, ["-m", "pip", "install", "-r", `${HERE}/requirements.txt`]);
  await Deno.writeTextFile(whole, "");
  return python;
}

async function run(command: string, args: string[]): Promise<void> {
  const { success, code } = await new Deno.Command(command, { args }).spawn()
    .status;
  if (!success) {
    throw new Error(
      `Cannot prepare tuning: ${command} ${
        args.join(" ")
      } must succeed: received exit code ${code}`,
    );
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

if (import.meta.main) {
  Deno.exit(await tune(await tunePython(), Deno.args));
}
