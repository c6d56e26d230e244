import { assert, assertEquals } from "@std/assert";
import { type Import, importsFrom, sources } from "./_sources.ts";

/** Folders from the outside in. A folder imports itself and the folders after it. */
const ROOMS = [
  "cli.ts",
  "cli",
  "main.ts",
  "edge.ts",
  "routes",
  "lib",
  "models",
];

/** Folders of models/, in the same order. */
const MODEL_FOLDERS = [
  "cache",
  "graph",
  "adapter",
  "download",
  "architectures",
  "gguf",
];

/** The entries, and the workers, since nothing imports them. */
const IMPORTS = (await Promise.all([
  "cli.ts",
  "main.ts",
  "edge.ts",
  "lib/worker/worker.ts",
  "lib/engine/text_worker.ts",
  "lib/grammar/check_worker.ts",
  "lib/threads/bare_worker.ts",
].map(importsFrom))).flat();

const isLocal = ({ to }: Import) =>
  /\.(ts|json)$/.test(to) && !isPackage(to) && to !== "deno.json";
const isPackage = (path: string) => path.endsWith("/package.json");
const roomOf = (path: string) => ROOMS.indexOf(path.split("/")[0]);
const places = (imports: Import[]) => imports.map(({ from }) => from);

function assertNone(imports: Import[]): void {
  assertEquals(imports.map(({ from, to }) => `${from} → ${to}`), []);
}

/** Lists the files at the given paths whose text matches. */
function naming(pattern: RegExp, ...places: string[]): string[] {
  return sources(...places)
    .filter(({ text }) => pattern.test(text))
    .map(({ path }) => path);
}

Deno.test("imports go from the entries to routes to lib to models", () => {
  const local = IMPORTS.filter(isLocal);
  for (const room of ROOMS) {
    assert(places(local).some((from) => from.startsWith(room)), room);
  }
  assertNone(local.filter(({ from, to }) => roomOf(to) < roomOf(from)));
});

Deno.test("folders of models/ import only those after them", () => {
  const folderOf = (path: string) => MODEL_FOLDERS.indexOf(path.split("/")[1]);
  const between = IMPORTS.filter(({ from, to }) =>
    [from, to].every((path) => /^models\/\w+\/.*\.ts$/.test(path))
  );
  for (const folder of MODEL_FOLDERS) {
    assert(places(between).some((from) => from.split("/")[1] === folder));
  }
  assertNone(between.filter(({ from, to }) => folderOf(to) < folderOf(from)));
});

Deno.test("lib/bita imports only itself", () => {
  const bita = IMPORTS.filter(({ from }) => from.startsWith("lib/bita/"));
  assert(bita.length > 0);
  assertNone(bita.filter(({ to }) => !to.startsWith("lib/bita/")));
});

Deno.test("only lib/runtime imports ONNX Runtime", () => {
  const onnx = IMPORTS.filter(({ to }) => to.includes("onnxruntime"));
  assert(onnx.length > 0);
  assertNone(onnx.filter(({ from }) => !from.startsWith("lib/runtime/")));
});

Deno.test("at most one file uses Deno KV", () => {
  const files = naming(/\bDeno\.(Kv|openKv)\b/, ...ROOMS);
  assert(files.length <= 1, files.join(", "));
});

Deno.test("lib/wire, lib/text and lib/bita do not use Deno's APIs", () => {
  const pure = ["lib/wire", "lib/text", "lib/bita"];
  assertEquals(naming(/\bDeno\b/, ...pure), []);
});
