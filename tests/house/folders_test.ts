import { assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { filesByFolder, importsFrom, sources } from "./_sources.ts";

const MOST_FILES = 14;
const FEW_LINES = 40;

/** Folders with more files, and the reason. */
const LARGE_FOLDERS: Record<string, string> = {
  "models/tune": "a Python package, which is flat by convention",
};

const MODULES = sources("cli", "routes", "lib", "models")
  .filter(({ path }) => !path.includes("/snippets/"));

/** Returns a function that counts the importers of a module. */
async function importerCounts(): Promise<(path: string) => number> {
  const roots = [
    "cli.ts",
    "main.ts",
    "lib/worker/worker.ts",
    "lib/engine/text_worker.ts",
    "lib/grammar/check_worker.ts",
    "lib/threads/bare_worker.ts",
    "routes/playground/main.js",
  ];
  const imports = (await Promise.all(roots.map(importsFrom))).flat();
  const byModule = Map.groupBy(imports, ({ to }) => to);
  return (path) => new Set(byModule.get(path)?.map(({ from }) => from)).size;
}

/** Returns whether a module is tested by itself. */
function hasOwnTest(path: string): boolean {
  const test = path.replace(/^lib\//, "").replace(/\.ts$/, "_test.ts");
  return existsSync(`tests/${test}`);
}

Deno.test(`no folder has more than ${MOST_FILES} files`, () => {
  const large = [...filesByFolder("cli", "routes", "lib", "models")]
    .filter(([folder, files]) =>
      files.length > MOST_FILES && !LARGE_FOLDERS[folder]
    );
  assertEquals(large.map(([folder]) => folder), []);
});

Deno.test("lib has only folders", () => {
  assertEquals(filesByFolder("lib").get("lib"), []);
});

// In routes/, each endpoint and each middleware is a module, however short.
Deno.test(`a module under ${FEW_LINES} lines has several importers, or a test`, async () => {
  const count = await importerCounts();
  const short = MODULES.filter(({ path, text }) =>
    !path.startsWith("routes/") && !hasOwnTest(path) &&
    text.split("\n").length - 1 < FEW_LINES && count(path) < 2
  );
  assertEquals(short.map(({ path }) => path), []);
});
