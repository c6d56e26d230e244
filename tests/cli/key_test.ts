import { assertEquals, assertMatch } from "@std/assert";
import { findKey } from "../../lib/access/api_keys.ts";
import { parseKeys } from "../../lib/access/key_lines.ts";
import { ended } from "./_bita.ts";

Deno.test("`key` prints a line for the file, and the key beside it", async () => {
  const args = ["key", "alice", "--requests", "60", "--tokens", "none"];
  const { code, stdout, stderr } = await ended(args);
  assertEquals(code, 0);
  const keys = parseKeys(stdout);
  const [, key] = /: (sk-bita-\S+)$/m.exec(stderr)!;
  const limits = { requests: 60, tokens: undefined };
  assertEquals(findKey(keys, key)?.limits, limits);
  assertEquals(stdout.includes(key), false);
});

Deno.test("`key` refuses a name or a limit that no line can have", async () => {
  for (const args of [["a b"], ["alice", "--tokens", "many"]]) {
    const { code, stdout, stderr } = await ended(["key", ...args]);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /^Cannot make a key: its line must .+\n$/);
  }
});
