/**
 * A Python that has the clients, in an environment of its own.
 *
 * @module
 */

import {
  type Environment,
  openEnvironment,
} from "../../models/tune/environment.ts";

/** The folder of the scripts. */
export const FOLDER = import.meta.dirname!;

const ENVIRONMENT: Environment = {
  name: "clients",
  requirements: `${FOLDER}/requirements.txt`,
  // The file lists everything, and packages compile what they use.
  options: ["-q", "--no-deps", "--no-compile", "--only-binary", ":all:"],
};

/** Whether this machine can make the environment. */
export const HAS_PYTHON: boolean = hasPython();

if (!HAS_PYTHON) {
  console.warn(
    "Python's clients are not tested: there is no python3 of version 3.11 or later with pip and venv.",
  );
}

/** Runs a script of the folder. */
export async function runScript(
  script: string,
  env: Record<string, string>,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const python = await openEnvironment(ENVIRONMENT);
  const { code, stdout, stderr } = await new Deno.Command(python, {
    args: [script],
    cwd: FOLDER,
    env,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

function hasPython(): boolean {
  const code = "import sys, venv, ensurepip; exit(sys.version_info < (3, 11))";
  try {
    return new Deno.Command("python3", { args: ["-c", code] }).outputSync()
      .success;
  } catch {
    return false; // there is no Python
  }
}
