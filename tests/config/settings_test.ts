import { assertEquals } from "@std/assert";
import { type Setting, SETTINGS } from "../../lib/config/settings.ts";

const TABLE = Object.entries<Setting>(SETTINGS);

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
