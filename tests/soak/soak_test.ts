/**
 * Half a minute of what `deno task soak` does in hours, and the same with leaks put in
 * on purpose, which the same judge must find.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { judge } from "./judge.ts";
import { verdict } from "./report.ts";
import type { Leak } from "./server.ts";
import { soak } from "./soak.ts";

/** Half a minute, or as long as the samples take that the judge needs. */
const SHORT = { seconds: 30, samples: 13, every: 2, share: 0.4, kvEvery: 10 };

/** Returns what is bad after a short soak. */
async function bad(leak: Leak): Promise<string[]> {
  const findings = judge(await soak({ ...SHORT, leak }));
  console.log(verdict(findings).join("\n"));
  return findings.filter(({ isRight }) => !isRight).map(({ name }) => name);
}

Deno.test("a server stays the same over mixed work, and leaks on purpose show", async () => {
  const [sound, leaking] = await Promise.all([bad(""), bad("both")]);
  assertEquals(sound, []);
  assertEquals(leaking, ["rss", "descriptors"]);
});
