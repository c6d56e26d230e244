import { assert, assertEquals } from "@std/assert";
import { type Import, importsFrom, sources } from "./_sources.ts";

/** From the street inwards: a room imports itself and what comes after it. */
const ROOMS = ["main.ts", "routes", "lib", "models"];

/** The worker is a root of its own, since a worker is no import. */
const IMPORTS = (await Promise.all(
  ["main.ts", "lib/worker/worker.ts"].map(importsFrom),
)).flat();

const isLocal = ({ to }: Import) => /\.(ts|json)$/.test(to);
const roomOf = (path: string) => ROOMS.indexOf(path.split("/")[0]);
const places = (imports: Import[]) => imports.map(({ from }) => from);

function assertNone(imports: Import[]): void {
  assertEquals(imports.map(({ from, to }) => `${from} → ${to}`), []);
}

/** Names the files at the given places whose text matches. */
function naming(pattern: RegExp, ...places: string[]): string[] {
  return sources(...places)
    .filter(({ text }) => pattern.test(text))
    .map(({ path }) => path);
}

Deno.test("imports go from main to routes to lib to models", () => {
  const local = IMPORTS.filter(isLocal);
  for (const room of ROOMS) {
    assert(places(local).some((from) => from.startsWith(room)), room);
  }
  assertNone(local.filter(({ from, to }) => roomOf(to) < roomOf(from)));
});

Deno.test("lib/bita imports nothing outside itself", () => {
  const bita = IMPORTS.filter(({ from }) => from.startsWith("lib/bita/"));
  assert(bita.length > 0);
  assertNone(bita.filter(({ to }) => !to.startsWith("lib/bita/")));
});

Deno.test("lib/runtime alone imports ONNX Runtime", () => {
  const onnx = IMPORTS.filter(({ to }) => to.includes("onnxruntime"));
  assert(onnx.length > 0);
  assertNone(onnx.filter(({ from }) => !from.startsWith("lib/runtime/")));
});

Deno.test("one file at most names Deno KV", () => {
  const files = naming(/\bDeno\.(Kv|openKv)\b/, ...ROOMS);
  assert(files.length <= 1, files.join(", "));
});

Deno.test("lib/wire, lib/text and lib/bita have no API of Deno", () => {
  const pure = ["lib/wire", "lib/text", "lib/bita"];
  assertEquals(naming(/\bDeno\b/, ...pure), []);
});
