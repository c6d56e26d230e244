/**
 * `deno task tune`: runs the Python package in this folder. The first call creates a
 * virtual environment in the cache directory.
 *
 * `TUNE_PYTHON` names another Python to use instead.
 *
 * @module
 */

import { type Environment, openEnvironment } from "./environment.ts";

const HERE = import.meta.dirname!;

/** The packages that the package needs. */
export const ENVIRONMENT: Environment = {
  name: "tune",
  requirements: `${HERE}/requirements.txt`,
};

/** Returns the path of a Python that has all requirements. */
async function tunePython(): Promise<string> {
  return Deno.env.get("TUNE_PYTHON") || await openEnvironment(ENVIRONMENT);
}

/** Runs `python -m tune` with arguments and returns its exit code. */
async function tune(python: string, args: string[]): Promise<number> {
  const child = new Deno.Command(python, {
    args: ["-m", "tune", ...args],
    env: {
      PYTHONPATH: `${HERE}/..`,
      PYTHONDONTWRITEBYTECODE: "1",
    },
  }).spawn();
  // The child writes a checkpoint before it ends. The terminal sends it SIGINT itself.
  Deno.addSignalListener("SIGINT", () => {});
  Deno.addSignalListener("SIGTERM", () => child.kill("SIGTERM"));
  return (await child.status).code;
}

if (import.meta.main) {
  Deno.exit(await tune(await tunePython(), Deno.args));
}
