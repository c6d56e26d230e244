import { assertEquals } from "@std/assert";
import { type Source, sources } from "./_sources.ts";

const MOST_LINES = 250;

const MODULES = sources("main.ts", "routes", "lib", "models");
const paths = (files: Source[]) => files.map(({ path }) => path);

Deno.test(`no file has more than ${MOST_LINES} lines`, () => {
  const long = [...MODULES, ...sources("tests")].filter(({ text }) =>
    text.split("\n").length - 1 > MOST_LINES
  );
  assertEquals(paths(long), []);
});

Deno.test("every module opens with why it exists", () => {
  const head = /^\/\*\*\n \* (?:(?!\*\/)[^])+\n \*\n \* @module\n \*\/\n/;
  const modules = MODULES.filter(({ path }) => !path.includes("/snippets/"));
  assertEquals(paths(modules.filter(({ text }) => !head.test(text))), []);
});
