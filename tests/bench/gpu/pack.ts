/**
 * Makes a folder that measures a GPU on a machine without a network: Deno, the packages,
 * this repository's code and the model. They are one archive, cut into parts that are
 * small enough to be sent by mail; `start.sh` checks and joins these.
 *
 * @module
 */

import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { CONFIG, realGguf } from "../../real_model.ts";
import { describeMachine } from "../machine.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** What the folder has of this repository. */
const SOURCES = ["deno.json", "lib", "models", "tests"];

/** Lists all files but those that Git ignores. */
const LIST = ["ls-files", "--cached", "--others", "--exclude-standard"];

/** Large files of packages that WebGPU does not use. */
const LEFT_OUT = ["*.map", "*.asyncify.wasm", "*.jsep.wasm", "*.node", "*.so*"];

/** The most bytes of a part. */
export const PART_BYTES = 59 * 2 ** 20;

/** Cuts the folder `$1` into parts in the folder `$2`. */
const CUT = `
set -euo pipefail
tar --create --dereference ${
  LEFT_OUT.map((n) => `--exclude='${n}'`).join(" ")
} \\
  --directory "$1" . | split --bytes=${PART_BYTES} - "$2/part."
cd "$2"
sha256sum part.* > digests
`;

/** What is used of `deno info --json FILE`. */
interface Info {
  roots: string[];
  modules: {
    specifier: string;
    npmPackage?: string;
    dependencies?: { code?: { specifier: string }; isDynamic?: boolean }[];
  }[];
  redirects: Record<string, string>;
  npmPackages: Record<
    string,
    { name: string; localPath: string; dependencies: string[] }
  >;
}

/** Fills an empty folder; with `tiny`, the model is left out, as a tiny one is made. */
export async function pack(
  folder: string,
  { tiny }: { tiny: boolean },
): Promise<void> {
  const stage = await Deno.makeTempDir();
  const link = async (path: string, to: string) => {
    await Deno.mkdir(dirname(`${stage}/${to}`), { recursive: true });
    await Deno.symlink(path, `${stage}/${to}`);
  };
  try {
    await link(Deno.execPath(), "deno");
    const files = await output("git", ...LIST, ...SOURCES);
    for (const file of files.trim().split("\n")) {
      await link(`${ROOT}${file}`, `source/${file}`);
    }
    await linkPackages(`${stage}/source`);
    if (!tiny) {
      const { cacheDir } = CONFIG;
      for (const path of (await realGguf()).paths) {
        await link(path, `cache/${relative(cacheDir, path)}`);
      }
    }
    await Deno.mkdir(folder, { recursive: true });
    await output("bash", "-c", CUT, "cut", stage, await Deno.realPath(folder));
    await Deno.copyFile(
      new URL("start.sh", import.meta.url),
      `${folder}/start.sh`,
    );
    const { commit } = await describeMachine();
    await Deno.writeTextFile(`${folder}/commit`, commit);
  } finally {
    await Deno.remove(stage, { recursive: true });
  }
}

/** Links the packages that are imported into a folder as `node_modules`. */
async function linkPackages(folder: string): Promise<void> {
  const info: Info = JSON.parse(
    await output("deno", "info", "--json", "tests/bench/gpu/main.ts"),
  );
  const { npmPackages } = info;
  const all = new Set(importedBy(info));
  for (const id of all) {
    npmPackages[id].dependencies.forEach((it) => all.add(it));
  }
  /** Of several versions of a package, the others are within what needs them. */
  const first = new Map<string, string>();
  for (const id of all) {
    const { name } = npmPackages[id];
    if (!first.has(name)) first.set(name, id);
  }
  const place = async (id: string, folder: string) => {
    const { name, localPath, dependencies } = npmPackages[id];
    const path = `${folder}/node_modules/${name}`;
    await Deno.mkdir(dirname(path), { recursive: true });
    await output("cp", "--recursive", "--symbolic-link", localPath, path);
    for (const other of dependencies) {
      const isFirst = first.get(npmPackages[other].name) === other;
      if (!isFirst) await place(other, path);
    }
  };
  for (const id of first.values()) await place(id, folder);
}

/** Lists the packages that modules import at once. */
function importedBy({ roots, modules, redirects }: Info): string[] {
  const known = new Map(modules.map((module) => [module.specifier, module]));
  const seen = new Set(roots);
  for (const specifier of seen) {
    const module = known.get(redirects[specifier] ?? specifier);
    for (const { code, isDynamic } of module?.dependencies ?? []) {
      if (code && !isDynamic) seen.add(code.specifier);
    }
  }
  return [...seen].flatMap((specifier) =>
    known.get(redirects[specifier] ?? specifier)?.npmPackage ?? []
  );
}

/** Runs a program here and returns what it prints. */
async function output(program: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd: ROOT,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (success) return text(stdout);
  throw new Error(
    `Cannot pack: ${program} must succeed: received ${text(stderr)}`,
  );
}
