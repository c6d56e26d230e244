import { assertEquals } from "@std/assert";
import { homedir } from "node:os";
import { startServer } from "./_server.ts";

Deno.test("a server leaves nothing in its user's home but its cache", async () => {
  const cacheHome = Deno.env.get("XDG_CACHE_HOME") || `${homedir()}/.cache`;
  const home = await Deno.makeTempDir();
  await using server = await startServer({
    HOME: home,
    XDG_CACHE_HOME: "",
    CACHE_DIR: Deno.env.get("CACHE_DIR") || `${cacheHome}/bita`,
    DENO_DIR: Deno.env.get("DENO_DIR") || `${cacheHome}/deno`,
    BACKEND: "cpu",
  });
  await server.stop("SIGTERM");
  assertEquals([...Deno.readDirSync(home)], []);
  await Deno.remove(home, { recursive: true });
});
