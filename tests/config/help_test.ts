import { assertEquals, assertStringIncludes } from "@std/assert";
import { helpText } from "../../lib/config/help.ts";
import { type Setting, SETTINGS } from "../../lib/config/settings.ts";

Deno.test("helpText() lists each setting, what it may be, and its default", () => {
  const lines = helpText().split("\n");
  for (
    const [name, { means, value, default: standard }] of Object.entries<
      Setting
    >(SETTINGS)
  ) {
    const line = lines.find((line) => line.startsWith(`  ${name} `))!;
    assertStringIncludes(line, `${means} (${value.description})`);
    assertEquals(line.endsWith(`[${standard || "unset"}]`), true, name);
  }
});
