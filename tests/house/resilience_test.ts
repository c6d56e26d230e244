import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, ROOT));

const ROWS = read("docs/resilience.md").split("\n")
  .filter((line) => /^\| \d/.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .map(([, number, , files, tests]) => ({ number, files, tests }));

Deno.test("docs/resilience.md lists 45 faults", () => {
  assertEquals(
    ROWS.map(({ number }) => Number(number)),
    [
      ...Array(45).keys(),
    ].map((i) => i + 1),
  );
});

Deno.test("docs/resilience.md names tests that exist", () => {
  const quoted = (cell: string) =>
    [...cell.matchAll(/`(.+?)`/g)].map(([, text]) => text);
  for (const { number, files, tests } of ROWS) {
    const code = quoted(files).map(read).join("\n").replaceAll(/\s+/g, " ");
    for (const name of quoted(tests)) {
      assert(code.includes(name), `${number}: ${name}`);
    }
    assert(files === "" || quoted(tests).length > 0, number);
  }
});
