import { assertEquals, assertRejects } from "@std/assert";
import { Thread } from "../../lib/threads/thread.ts";
import { countWorkers } from "../_workers.ts";

/** A module that doubles numbers, throws at text, and never comes back from `null`. */
const DOUBLE = `data:text/javascript,${
  encodeURIComponent(`
    self.onmessage = ({ data }) => {
      while (data === null);
      if (typeof data === "string") throw new TypeError(data);
      self.postMessage(2 * data);
    };
  `)
}`;

Deno.test("Thread answers what it is asked", async () => {
  using thread = new Thread(DOUBLE);
  using other = new Thread(DOUBLE);
  assertEquals(await Promise.all([thread.ask(1), other.ask(2)]), [2, 4]);
  assertEquals(await thread.ask(3), 6);
});

Deno.test("Thread starts a worker before it is asked", async () => {
  using workers = countWorkers();
  {
    using thread = new Thread(DOUBLE);
    assertEquals([workers.opened, workers.live], [1, 1]);
    assertEquals(await thread.ask(1), 2);
  }
  assertEquals([workers.opened, workers.live], [1, 0]);
});

Deno.test("Thread tells why it failed", async () => {
  using thread = new Thread(DOUBLE);
  await assertRejects(() => thread.ask("no number"), Error, "no number");
  using broken = new Thread("data:text/javascript,throw new Error('broken')");
  await assertRejects(() => broken.ask(1), Error, "broken");
});

Deno.test("Thread can be ended while it is busy", async () => {
  const busy = new Thread(DOUBLE);
  void busy.ask(null);
  busy[Symbol.dispose]();
  using thread = new Thread(DOUBLE);
  assertEquals(await thread.ask(1), 2);
});
