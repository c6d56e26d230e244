/**
 * `deno task build`: all that `edge.ts` needs, so that a new instance downloads and
 * converts nothing: packages as locked, without the libraries of other systems, and the
 * models as graphs in `.cache`.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** The most bytes of a deployment on Deno Deploy. */
const MOST_BYTES = 1e9;

/** The entry, and the modules that it starts as workers. */
const MODULES = [
  "main.ts",
  "edge.ts",
  "lib/worker/worker.ts",
  "lib/engine/text_worker.ts",
  "lib/grammar/check_worker.ts",
  "lib/threads/bare_worker.ts",
];

/** Folders of native libraries: by system, and within by processor. */
const LIBRARIES = /\/onnxruntime-node\/[^/]+\/bin\/napi-v\d+$/;

const SYSTEM = Deno.build.os === "windows" ? "win32" : Deno.build.os;
const PROCESSOR = Deno.build.arch === "aarch64" ? "arm64" : "x64";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Prepares a deployment; returns its bytes. */
async function build(): Promise<number> {
  if (!Deno.env.has("DENO_DIR") && !Deno.env.has("DENO_DEPLOY")) {
    throw new TypeError(
      "Cannot build: DENO_DIR must be a folder of its own, as libraries are removed from it: received none",
    );
  }
  await run({}, "cache", "--frozen", ...MODULES);
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json"],
    cwd: ROOT,
  }).output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(stdout));
  for (const folder of prunable(npmCache)) {
    await Deno.remove(folder, { recursive: true });
  }
  const env = { CACHE_DIR: ".cache", BACKEND: "cpu", HOST: "127.0.0.1" };
  await run(
    env,
    "run",
    "--cached-only",
    "--frozen",
    "-A",
    "main.ts",
    "--prepare",
  );
  return bytesOf(npmCache) + bytesOf(`${ROOT}.cache`);
}

/** Lists the folders of libraries that this system cannot load. */
export function prunable(folder: string): string[] {
  const folders = foldersOf(folder);
  if (!LIBRARIES.test(folder)) return folders.flatMap(prunable);
  return folders.flatMap((system) =>
    system.endsWith(`/${SYSTEM}`)
      ? foldersOf(system).filter((path) => !path.endsWith(`/${PROCESSOR}`))
      : [system]
  );
}

function foldersOf(folder: string): string[] {
  return [...Deno.readDirSync(folder)]
    .filter(({ isDirectory }) => isDirectory)
    .map(({ name }) => `${folder}/${name}`);
}

function bytesOf(folder: string): number {
  const files = [...Deno.readDirSync(folder)]
    .filter(({ isFile }) => isFile)
    .map(({ name }) => Deno.statSync(`${folder}/${name}`).size);
  return [...files, ...foldersOf(folder).map(bytesOf)]
    .reduce((sum, bytes) => sum + bytes, 0);
}

async function run(
  env: Record<string, string>,
  ...args: string[]
): Promise<void> {
  const { code } = await new Deno.Command(Deno.execPath(), {
    args,
    env,
    cwd: ROOT,
  }).spawn().status;
  if (code !== 0) Deno.exit(code);
}

if (import.meta.main) {
  const bytes = await build();
  const megabytes = Math.round(bytes / 1e6);
  console.log(`The deployment has ${megabytes} MB, sources aside`);
  if (bytes > MOST_BYTES) {
    console.error(
      `Cannot deploy: at most ${
        MOST_BYTES / 1e6
      } MB are required: received ${megabytes}`,
    );
    Deno.exit(1);
  }
}
