import { assert, assertEquals } from "@std/assert";
import { startServer } from "../server/_server.ts";
import { HAS_PYTHON, runScript } from "./_python.ts";

/** What run.py prints of a test. */
interface Result {
  name: string;
  seconds: number;
  error: string | null;
}

Deno.test(
  "Python's clients work unchanged",
  { ignore: !HAS_PYTHON },
  async (t) => {
    const key = "secret";
    await using server = await startServer({
      API_KEYS: key,
      CONTEXT: "2048",
      PARALLEL: "2",
      QUEUE: "0",
      PREFIX_CACHE: "memory",
    });
    const { code, stdout, stderr } = await runScript("run.py", {
      SERVER: server.url,
      SERVER_KEY: key,
    });
    assertEquals(code, 0, stderr);
    const results: Result[] = stdout.trim().split("\n")
      .map((line) => JSON.parse(line));
    for (const { name, seconds, error } of results) {
      await t.step(`${name} (${seconds} s)`, () => assert(!error, error ?? ""));
    }
    assert(results.length > 80);
  },
);
