import { assertEquals } from "@std/assert";
import { type Source, sources } from "./_sources.ts";

const MOST_LINES = 250;

const MODULES = sources(
  "cli.ts",
  "cli",
  "main.ts",
  "edge.ts",
  "routes",
  "lib",
  "models",
);
const paths = (files: Source[]) => files.map(({ path }) => path);

Deno.test(`no file has more than ${MOST_LINES} lines`, () => {
  const long = [...MODULES, ...sources("tests")].filter(({ text }) =>
    text.split("\n").length - 1 > MOST_LINES
  );
  assertEquals(paths(long), []);
});

const HEAD = /^\/\*\*\n \* ((?:(?!\*\/)[^])+)\n \*\n \* @module\n \*\/\n/;

Deno.test("every module starts with a comment that explains it", () => {
  const modules = MODULES.filter(({ path }) => !path.includes("/snippets/"));
  assertEquals(paths(modules.filter(({ text }) => !HEAD.test(text))), []);
});

Deno.test("no head comment has a sentence that starts with Gives or Tells", () => {
  const verb = /(?:^|[.:;]\s+)(?:Gives|Hears|Lets|Says|Tells)\b/;
  const odd = [...MODULES, ...sources("tests")].filter(({ text }) => {
    const [, head = ""] = text.match(HEAD) ?? [];
    return verb.test(head.replaceAll("\n * ", " "));
  });
  assertEquals(paths(odd), []);
});
