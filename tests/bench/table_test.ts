import { assertEquals } from "@std/assert";
import { markdown } from "./table.ts";

Deno.test("markdown() aligns names left and numbers right", () => {
  const table = {
    title: "Passes",
    header: ["backend", "ms"],
    rows: [["cpu", 16.04], ["wasm", 1234.5], ["webgpu", undefined]],
  };
  assertEquals(
    markdown(table),
    `### Passes

| backend |   ms |
| ------- | ---: |
| cpu     | 16.0 |
| wasm    | 1235 |
| webgpu  |    – |`,
  );
});

Deno.test("markdown() keeps three significant digits, and integers whole", () => {
  const shown = (cell: number) =>
    markdown({ title: "", header: ["n"], rows: [[cell]] })
      .split("| ").at(-1)!.trim();
  assertEquals(shown(0.12345), "0.123 |");
  assertEquals(shown(-1.2345), "-1.23 |");
  assertEquals(shown(98.765), "98.8 |");
  assertEquals(shown(12345), "12345 |");
  assertEquals(shown(NaN), "– |");
});

Deno.test("markdown() escapes the separator of cells", () => {
  const table = { title: "", header: ["name"], rows: [["a|b|c"]] };
  assertEquals(markdown(table).split("\n").at(-1), "| a\\|b\\|c |");
});
