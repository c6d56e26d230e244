/**
 * Virtual environments of Python in the cache directory. Each is named after the digest
 * of its requirements, so it is made once and never goes stale.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { homedir } from "node:os";

/** The packages of an environment. */
export interface Environment {
  /** The start of its folder's name. */
  name: string;
  /** The path of a file that pip installs from. */
  requirements: string;
  /** Options of pip. */
  options?: string[];
}

/** Returns the folder of an environment, which need not exist. */
export function environmentFolder({ name, requirements }: Environment): string {
  const text = Deno.readTextFileSync(requirements);
  const digest = createHash("sha256").update(text).digest("hex");
  const cacheHome = Deno.env.get("XDG_CACHE_HOME") || `${homedir()}/.cache`;
  const cacheDir = Deno.env.get("CACHE_DIR") || `${cacheHome}/bita`;
  return `${cacheDir}/${name}-${digest.slice(0, 16)}`;
}

/** Returns the path of the Python in an environment's folder. */
export function pythonOf(folder: string): string {
  return `${folder}/bin/python`;
}

/**
 * Returns the path of the Python in an environment, which is made unless it is complete.
 *
 * @throws {Error} if Python or pip fails.
 */
export async function openEnvironment(
  environment: Environment,
): Promise<string> {
  const { requirements, options = [] } = environment;
  const folder = environmentFolder(environment);
  const python = pythonOf(folder);
  const whole = `${folder}/whole`;
  if (await exists(whole)) return python;
  console.error(`Installing ${requirements} into ${folder}`);
  await run("python3", ["-m", "venv", "--clear", folder]);
  const install = ["-m", "pip", "install", ...options, "-r", requirements];
  await run(python, install);
  await Deno.writeTextFile(whole, "");
  return python;
}

async function run(command: string, args: string[]): Promise<void> {
  const { success, code } = await new Deno.Command(command, { args }).spawn()
    .status;
  if (!success) {
    throw new Error(
      `Cannot make a Python environment: ${command} ${
        args.join(" ")
      } must succeed: received exit code ${code}`,
    );
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
