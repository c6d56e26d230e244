import { assertEquals } from "@std/assert";
import { createLog } from "../../lib/observe/log.ts";

Deno.test("createLog() writes a line of JSON an event, whatever it holds", () => {
  const lines: string[] = [];
  const log = createLog({ level: "info", write: (line) => lines.push(line) });
  log.debug("too much");
  log.info({ path: "/a\nb\u001b[31m" }, "request");
  log.error({ err: new RangeError("bad") }, "failure");
  assertEquals(lines.length, 2);
  assertEquals(lines[0].indexOf("\n"), lines[0].length - 1);
  assertEquals(lines[0].includes("\u001b"), false);

  const [request, failure] = lines.map((line) => JSON.parse(line));
  const { time, ...rest } = request;
  assertEquals(rest, {
    level: "info",
    path: "/a\nb\u001b[31m",
    msg: "request",
  });
  assertEquals(new Date(time).toISOString(), time);
  assertEquals([failure.level, failure.err.message], ["error", "bad"]);
});
