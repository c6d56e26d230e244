/**
 * `deno task pack FOLDER`: makes the npm package as a tarball in the folder. Its one
 * command brings Deno with it and runs `cli.ts`.
 *
 * @module
 */

import project from "../../deno.json" with { type: "json" };
import about from "./package.json" with { type: "json" };

const ROOT = new URL("../../", import.meta.url);

/** What the package has of this repository. */
const CONTENT = [
  "README.md",
  "LICENSE",
  "deno.lock",
  "cli.ts",
  "cli",
  "main.ts",
  "edge.ts",
  "routes",
  "lib",
  "models",
];

/** Compiled Python. */
const LEFT_OUT = /__pycache__|\.pyc$/;

/** Makes the tarball in a folder and returns its path. */
export async function pack(folder: string): Promise<string> {
  const stage = await Deno.makeTempDir();
  try {
    for (const name of CONTENT) {
      await copy(new URL(name, ROOT), `${stage}/${name}`);
    }
    await copy(new URL("bita.mjs", import.meta.url), `${stage}/bita.mjs`);
    const { tasks: _, deploy: _deploy, ...config } = project;
    await writeJson(`${stage}/deno.json`, config);
    const { version } = config;
    await writeJson(`${stage}/package.json`, { ...about, version });
    const { success, stdout, stderr } = await new Deno.Command("npm", {
      args: ["pack", stage, "--json", `--pack-destination=${folder}`],
      cwd: folder,
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    if (!success) {
      throw new Error(
        `Cannot pack: npm must succeed: received ${text(stderr)}`,
      );
    }
    const [{ filename }] = JSON.parse(text(stdout));
    return `${folder}/${filename}`;
  } finally {
    await Deno.remove(stage, { recursive: true });
  }
}

async function copy(from: URL, to: string): Promise<void> {
  if (LEFT_OUT.test(from.pathname)) return;
  if (!(await Deno.stat(from)).isDirectory) {
    return await Deno.copyFile(from, to);
  }
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) {
    await copy(new URL(`${from.href}/${name}`), `${to}/${name}`);
  }
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await Deno.writeTextFile(path, `${JSON.stringify(value, null, 2)}\n`);
}

if (import.meta.main) console.log(await pack(Deno.args[0] ?? "."));
