import { assertEquals } from "@std/assert";
import { createApp } from "../../routes/app.ts";
import { toyEngine } from "../toy/engine.ts";

const CALLER = "0123456789abcdef".repeat(4);

/** An app with two caches; remembers whom it was to forget. */
function appWith({ adminKey }: { adminKey?: string }) {
  const erased: (string | undefined)[] = [];
  const cache = {
    counters: undefined,
    erase(caller?: string) {
      erased.push(caller);
      return Promise.resolve(3);
    },
  };
  const app = createApp({
    engines: [toyEngine()],
    caches: [cache, cache],
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

Deno.test("DELETE /admin/cache forgets a caller, or all", async () => {
  const { erase, erased } = appWith({ adminKey: "root" });
  const answer = [200, { blocks: 6 }];
  assertEquals(await erase(`?caller=${CALLER}`, "root"), answer);
  assertEquals(await erase("", "root"), answer);
  assertEquals(erased, [CALLER, CALLER, undefined, undefined]);
});

Deno.test("DELETE /admin/cache forgets nobody by half a name", async () => {
  const { erase, erased } = appWith({ adminKey: "root" });
  for (const caller of ["", "x", CALLER.slice(1), CALLER.toUpperCase()]) {
    const [status, { error }] = await erase(`?caller=${caller}`, "root");
    assertEquals([status, error.param], [400, "caller"]);
  }
  assertEquals(erased, []);
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
