import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Erasure } from "../../lib/prefix/prefix_cache.ts";
import { createApp } from "../../routes/app.ts";
import { toyEngine } from "../toy/engine.ts";

const CALLER = "0123456789abcdef".repeat(4);

/** An app with two caches, the second as given; records what it was to erase. */
function appWith(
  { adminKey, second }: {
    adminKey?: string;
    second?: () => Promise<Erasure>;
  },
) {
  const erased: (string | undefined)[] = [];
  const cache = {
    counters: undefined,
    erase(caller?: string) {
      erased.push(caller);
      return Promise.resolve({ blocks: 3 });
    },
  };
  const app = createApp({
    engines: [toyEngine()],
    caches: [cache, second ? { ...cache, erase: second } : cache],
    apiKeys: ["user"],
    adminKey,
    logFailure() {},
  });
  const erase = async (query: string, key: string, method = "DELETE") => {
    const headers = { authorization: `Bearer ${key}` };
    const path = `/admin/cache${query}`;
    const response = await app.request(path, { method, headers });
    return [response.status, await response.json()];
  };
  return { erase, erased };
}

Deno.test("DELETE /admin/cache erases a caller's prompts, or all", async () => {
  const { erase, erased } = appWith({ adminKey: "root" });
  const answer = [200, { blocks: 6 }];
  assertEquals(await erase(`?caller=${CALLER}`, "root"), answer);
  assertEquals(await erase("", "root"), answer);
  assertEquals(erased, [CALLER, CALLER, undefined, undefined]);
});

Deno.test("DELETE /admin/cache erases nothing for a query that it cannot read", async () => {
  const { erase, erased } = appWith({ adminKey: "root" });
  const queries = {
    caller: ["", "x", CALLER.slice(1), CALLER.toUpperCase()]
      .map((caller) => `?caller=${caller}`)
      .concat(`?caller=${CALLER}&caller=${CALLER}`),
    Caller: [`?Caller=${CALLER}`],
    callr: [`?caller=${CALLER}&callr=x`],
  };
  for (const [param, bad] of Object.entries(queries)) {
    for (const query of bad) {
      const [status, { error }] = await erase(query, "root");
      assertEquals([status, error.param], [400, param], query);
    }
  }
  assertEquals(erased, []);
});

Deno.test("DELETE /admin/cache is a 503 if any cache does not confirm it", async () => {
  const alive = setTimeout(() => {}, 10_000);
  const failures: [string, () => Promise<Erasure>][] = [
    ["it is down", () => Promise.resolve({ blocks: 2, failure: "it is down" })],
    ["no worker", () => Promise.reject(new Error("no worker"))],
    ["timeout", () => new Promise(() => {})],
  ];
  for (const [reason, second] of failures) {
    const { erase, erased } = appWith({ adminKey: "root", second });
    const [status, { error }] = await erase("", "root");
    assertEquals([status, error.code], [503, "cache_not_erased"]);
    assertStringIncludes(error.message, reason);
    assertMatch(error.message, /[35] blocks elsewhere are erased/);
    assertEquals(erased.length, 1);
  }
  clearTimeout(alive);
});

Deno.test("/admin opens for the operator's key alone, and where there is one", async () => {
  const { erase, erased } = appWith({ adminKey: "root" });
  for (const key of ["user", "", "roo"]) {
    const [status] = await erase("", key);
    assertEquals(status, 401);
  }
  assertEquals((await erase("", "root", "GET"))[0], 405);
  const closed = appWith({});
  assertEquals((await closed.erase("", ""))[0], 404);
  assertEquals([...erased, ...closed.erased], []);
});
