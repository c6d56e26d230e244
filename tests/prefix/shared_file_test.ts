import { assert, assertEquals } from "@std/assert";
import { preflight } from "../../lib/prefix/store/preflight.ts";
import { temporaryFolder } from "./_folder.ts";
import type { Shared } from "./_sharer.ts";

const SHARER = new URL("_sharer.ts", import.meta.url).pathname;

/** Milliseconds; two minutes find more than ten seconds. */
const SHARING_MS = Number(Deno.env.get("SHARING_MS") || 10_000);

Deno.test("two processes share one database without an error", async () => {
  using folder = temporaryFolder();
  const kv = `${folder.path}/kv.sqlite`;
  const share = async (which: number): Promise<Shared> => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", SHARER, kv, String(SHARING_MS), String(which)],
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    return JSON.parse(new TextDecoder().decode(stdout));
  };
  const both = await Promise.all([share(0), share(1)]);
  for (const shared of both) {
    console.log(shared);
    const { wrong, failures, corrupt, storeHits, written } = shared;
    assertEquals({ wrong, failures, corrupt }, {
      wrong: 0,
      failures: 0,
      corrupt: 0,
    });
    assert(storeHits > 0 && written > 0);
  }
  assertEquals(await preflight(kv, { now: Date.now }), undefined);
});
