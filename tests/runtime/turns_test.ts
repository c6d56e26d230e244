import { assertEquals, assertRejects } from "@std/assert";
import { type TimedWork, Turns } from "../../lib/runtime/turns.ts";

/** Turns on a clock that every run moves by 5, and what they note. */
function turns() {
  const works: TimedWork[] = [];
  const log: string[] = [];
  let time = 0;
  const turns = new Turns({
    now: () => time,
    onWork: (work) => works.push(work),
  });
  const take = (name: string, rows = 1) => {
    const work = { part: "body", rows, sequences: 1 } as const;
    return turns.take(work, async () => {
      log.push(`${name} starts`);
      await Promise.resolve();
      time += 5;
      log.push(`${name} ends`);
      if (name === "broken") throw new Error(name);
      return name;
    });
  };
  return { take, works, log };
}

Deno.test("Turns.take() runs one at a time, in order", async () => {
  const { take, log } = turns();
  assertEquals(await Promise.all(["a", "b", "a"].map((n) => take(n))), [
    ...["a", "b", "a"],
  ]);
  const turn = (name: string) => [`${name} starts`, `${name} ends`];
  assertEquals(log, ["a", "b", "a"].flatMap(turn));
});

Deno.test("Turns.take() goes on after a failure", async () => {
  const { take, log, works } = turns();
  const failing = take("broken");
  const next = take("b");
  await assertRejects(() => failing, Error, "broken");
  await next;
  assertEquals(log.at(-1), "b ends");
  assertEquals(works.length, 1, "failed work is not reported");
});

Deno.test("Turns.take() reports the time of a run without its wait", async () => {
  const { take, works } = turns();
  await Promise.all([take("a", 3), take("b", 8)]);
  const work = { part: "body", sequences: 1, ms: 5 } as const;
  assertEquals(works, [{ ...work, rows: 3 }, { ...work, rows: 8 }]);
});
