import { assertEquals, assertRejects } from "@std/assert";
import { inTurn } from "../../lib/runtime/in_turn.ts";
import type { Session } from "../../lib/runtime/backend.ts";

/** A session that notes when it starts and ends. */
function noting(name: string, log: string[]): Session {
  return {
    async run() {
      log.push(`${name} starts`);
      await new Promise((resolve) => setTimeout(resolve, 2));
      log.push(`${name} ends`);
      if (name === "broken") throw new Error("broken");
      return {};
    },
  };
}

Deno.test("inTurn() lets no two sessions run at once", async () => {
  const log: string[] = [];
  const { a, b } = inTurn({ a: noting("a", log), b: noting("b", log) });
  await Promise.all([a.run({}, {}), b.run({}, {}), a.run({}, {})]);
  const turn = (name: string) => [`${name} starts`, `${name} ends`];
  assertEquals(log, ["a", "b", "a"].flatMap(turn));
});

Deno.test("inTurn() goes on after a failure", async () => {
  const log: string[] = [];
  const { broken, b } = inTurn({
    broken: noting("broken", log),
    b: noting("b", log),
  });
  const failing = broken.run({}, {});
  const next = b.run({}, {});
  await assertRejects(() => failing, Error, "broken");
  await next;
  assertEquals(log.at(-1), "b ends");
});
