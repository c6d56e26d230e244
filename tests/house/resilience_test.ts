import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, ROOT));

/** Reads the rows of a document's tables, their heads apart. */
const rowsOf = (path: string) =>
  read(path).split("\n")
    .filter((line) => /^\| [^#-]/.test(line))
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .map(([, number, , files, tests]) => ({ number, files, tests }));

const ROWS = rowsOf("docs/resilience.md");

Deno.test("docs/resilience.md lists 45 faults", () => {
  assertEquals(
    ROWS.map(({ number }) => Number(number)),
    [
      ...Array(45).keys(),
    ].map((i) => i + 1),
  );
});

Deno.test("docs/faults.md has all that was reported and found", () => {
  const numbers = rowsOf("docs/faults.md").flatMap(({ number }) =>
    number.split(", ")
  );
  const found = Array.from({ length: 29 }, (_, i) => `B${i + 1}`);
  assertEquals(found.filter((number) => !numbers.includes(number)), []);
});

Deno.test("docs/resilience.md and docs/faults.md name tests that exist", () => {
  const quoted = (cell: string) =>
    [...cell.matchAll(/`(.+?)`/g)].map(([, text]) => text);
  for (
    const { number, files, tests } of [...ROWS, ...rowsOf("docs/faults.md")]
  ) {
    const code = quoted(files).map(read).join("\n").replaceAll(/\s+/g, " ");
    for (const name of quoted(tests)) {
      assert(code.includes(name), `${number}: ${name}`);
    }
    assert(files === "" || quoted(tests).length > 0, number);
  }
});
