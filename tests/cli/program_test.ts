import { assertEquals, assertMatch } from "@std/assert";
import { type Setting, SETTINGS } from "../../lib/config/settings.ts";
import { ended } from "./_bita.ts";

Deno.test("a command line that can't be understood ends with code 2 and a suggestion", async () => {
  const cases: [string[], RegExp][] = [
    [["srve"], /Did you mean serve\?/],
    [["serve", "--prt", "1"], /Did you mean --port\?/],
    [["launch", "zet"], /Allowed choices are openai, /],
    [["chat", "--seed", "x"], /It must be a number/],
    [[], /Usage: bita/],
  ];
  for (const [args, complaint] of cases) {
    const { code, stdout, stderr } = await ended(args);
    assertEquals([code, stdout], [2, ""]);
    assertMatch(stderr, complaint);
  }
});

Deno.test("what can't be done ends with code 1 and one line", async () => {
  const cases: [string[], RegExp][] = [
    [["pull", "gpt-5"], /^Cannot find the model: .+: received "gpt-5"\n$/],
    [["serve", "--port", "abc"], /^Cannot start: PORT must be .+ "abc"\n$/],
    [["models", "remove", "gpt-5"], /^Cannot remove the model: .+"gpt-5"\n$/],
  ];
  for (const [args, complaint] of cases) {
    const { code, stdout, stderr } = await ended(args);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, complaint);
  }
});

Deno.test("--help and --version end with code 0", async () => {
  const { code, stdout } = await ended(["serve", "--help"]);
  assertEquals(code, 0);
  for (
    const [name, { secret }] of Object.entries<Setting>(SETTINGS)
  ) {
    const option = `--${name.toLowerCase().replaceAll("_", "-")} <value>`;
    assertEquals(stdout.includes(option), !secret, name);
  }
  assertEquals((await ended(["--version"])).stdout, "0.1.0\n");
});

Deno.test("tune and bench get their arguments, --help too", async () => {
  const { code, stdout } = await ended(["bench", "--help"]);
  assertEquals(code, 0);
  assertMatch(stdout, /^deno task bench NAME/);
  assertEquals((await ended(["bench", "nothing"])).code, 1);
});
