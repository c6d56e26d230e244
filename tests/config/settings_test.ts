import { assertEquals, assertStringIncludes } from "@std/assert";
import { helpText, type Setting, SETTINGS } from "../../lib/config/settings.ts";

const TABLE = Object.entries<Setting>(SETTINGS);

Deno.test("helpText() lists each setting, what it may be, and its default", () => {
  const lines = helpText().split("\n");
  for (const [name, { means, value, default: standard }] of TABLE) {
    const line = lines.find((line) => line.startsWith(`  ${name} `))!;
    assertStringIncludes(line, `${means} (${value.description})`);
    assertEquals(line.endsWith(`[${standard || "unset"}]`), true, name);
  }
});

Deno.test("docs/settings.md has the table of the settings", async () => {
  const text = await Deno.readTextFile("docs/settings.md");
  const rows = text.split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
  assertEquals(
    rows,
    TABLE.map(([name, { means, value, default: standard }]) => [
      `\`${name}\``,
      means,
      value.description!,
      standard ? `\`${standard}\`` : "unset",
    ]),
  );
});
