/**
 * A minute of what `deno task soak` does in hours, and the same with leaks put in on
 * purpose, which the same judge must find.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { judge } from "./judge.ts";
import { verdict } from "./report.ts";
import type { Leak } from "./server.ts";
import { soak } from "./soak.ts";

const MINUTE = { seconds: 50, every: 2, share: 0.4, kvEvery: 15 };

/** Returns what is bad after a minute. */
async function bad(leak: Leak): Promise<string[]> {
  const findings = judge(await soak({ ...MINUTE, leak }));
  console.log(verdict(findings).join("\n"));
  return findings.filter(({ isRight }) => !isRight).map(({ name }) => name);
}

Deno.test("a server stays the same over a minute of mixed work, and leaks show", async () => {
  const [sound, memory, descriptors] = await Promise.all([
    bad(""),
    bad("memory"),
    bad("descriptors"),
  ]);
  assertEquals(sound, []);
  assertEquals(memory, ["rss"]);
  assertEquals(descriptors, ["descriptors"]);
});
