/**
 * `deno task tune`: runs the Python package in this folder. The first call creates a
 * virtual environment in the cache directory.
 *
 * `TUNE_PYTHON` names another Python to use instead.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { homedir } from "node:os";

const HERE = import.meta.dirname!;

/** Returns the path of a Python that has all requirements. */
async function tunePython(): Promise<string> {
  return Deno.env.get("TUNE_PYTHON") || await ownPython();
}

/** Returns the folder of the package's virtual environment. */
export function environmentFolder(): string {
  const requirements = Deno.readTextFileSync(`${HERE}/requirements.txt`);
  const digest = createHash("sha256").update(requirements).digest("hex");
  const cacheHome = Deno.env.get("XDG_CACHE_HOME") || `${homedir()}/.cache`;
  const cacheDir = Deno.env.get("CACHE_DIR") || `${cacheHome}/bita`;
  return `${cacheDir}/tune-${digest.slice(0, 16)}`;
}

/** Returns the path of the Python in a virtual environment. */
export function pythonOf(folder: string): string {
  return `${folder}/bin/python`;
}

/** Runs `python -m tune` with arguments and returns its exit code. */
async function tune(python: string, args: string[]): Promise<number> {
  const child = new Deno.Command(python, {
    args: ["-m", "tune", ...args],
    env: { PYTHONPATH: `${HERE}/..`, PYTHONDONTWRITEBYTECODE: "1" },
  }).spawn();
  // The child writes a checkpoint before it ends. The terminal sends it SIGINT itself.
  Deno.addSignalListener("SIGINT", () => {});
  Deno.addSignalListener("SIGTERM", () => child.kill("SIGTERM"));
  return (await child.status).code;
}

/** Creates the virtual environment unless a complete one exists. */
async function ownPython(): Promise<string> {
  const folder = environmentFolder();
  const python = pythonOf(folder);
  const whole = `${folder}/whole`;
  if (await exists(whole)) return python;
  console.error(`Installing the tuner's requirements into ${folder}`);
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
