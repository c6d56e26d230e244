import { assertEquals } from "@std/assert";
import { filesByFolder, importsFrom, sources } from "./_sources.ts";

const MOST_FILES = 14;
const FEW_LINES = 40;

/** Folders with more files, and the reason. */
const LARGE_FOLDERS: Record<string, string> = {
  "models/tune": "a Python package, which is flat by convention",
};

/**
 * Short modules with one importer, and the reason why they are not part of it. In
 * `routes/`, each endpoint and each middleware is a module, however short.
 */
const SHORT_MODULES: Record<string, string> = {
  "lib/bita/choose/exp.ts": "an algorithm that is tested against Math.exp",
  "lib/config/model_aliases.ts": "a setting with a syntax of its own",
  "lib/engine/exit_now.ts": "the only call of the C library",
  "lib/observe/log.ts": "the only import of the log library",
  "lib/runtime/body/attention_bias.ts": "an algorithm with its own test",
  "lib/text/prompt_parts.ts": "an algorithm with its own test",
};

const MODULES = sources("routes", "lib", "models")
  .filter(({ path }) => !path.includes("/snippets/"));

/** Returns a function that counts the importers of a module. */
async function importerCounts(): Promise<(path: string) => number> {
  const roots = [
    "main.ts",
    "lib/worker/worker.ts",
    "lib/engine/text_worker.ts",
    "routes/playground/main.js",
  ];
  const imports = (await Promise.all(roots.map(importsFrom))).flat();
  const byModule = Map.groupBy(imports, ({ to }) => to);
  return (path) => new Set(byModule.get(path)?.map(({ from }) => from)).size;
}

Deno.test(`no folder has more than ${MOST_FILES} files`, () => {
  const large = [...filesByFolder("routes", "lib", "models")]
    .filter(([folder, files]) =>
      files.length > MOST_FILES && !LARGE_FOLDERS[folder]
    );
  assertEquals(large.map(([folder]) => folder), []);
});

Deno.test("lib has only folders", () => {
  assertEquals(filesByFolder("lib").get("lib"), []);
});

Deno.test(`a module under ${FEW_LINES} lines has several importers`, async () => {
  const count = await importerCounts();
  const short = MODULES.filter(({ path, text }) =>
    !path.startsWith("routes/") &&
    text.split("\n").length - 1 < FEW_LINES && count(path) < 2 &&
    !SHORT_MODULES[path]
  );
  assertEquals(short.map(({ path }) => path), []);
});
