import { assert, assertEquals } from "@std/assert";
import { IdleMemory } from "../../../lib/engine/loading/idle_memory.ts";
import { ModelMemory } from "../../../lib/engine/loading/model_memory.ts";

const MB = 1e6;

/** Reads a number from `/proc`; it has no unit, or kB. */
function status(name: string): number {
  const text = Deno.readTextFileSync("/proc/self/status");
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)![1]);
}

/** Returns bytes of memory that are no pages of files. */
const taken = () => status("RssAnon") * 1024;

/** Makes garbage of this heap and of C's; returns what it took. */
function makeGarbage(): number {
  const before = taken();
  Array.from({ length: 1e6 }, (_, at) => ({ at }));
  const libc = Deno.dlopen("libc.so.6", {
    malloc: { parameters: ["usize"], result: "pointer" },
    memset: { parameters: ["pointer", "i32", "usize"], result: "pointer" },
    free: { parameters: ["pointer"], result: "void" },
  });
  const { malloc, memset, free } = libc.symbols;
  const size = 65_536n;
  const blocks = Array.from({ length: 1000 }, () => malloc(size));
  for (const block of blocks) memset(block, 1, size);
  // The last one keeps the heap from becoming shorter.
  for (const block of blocks.slice(0, -1)) free(block);
  libc.close();
  return taken() - before;
}

Deno.test({
  name:
    "IdleMemory returns garbage to the system, and huge pages are off until a model wakes",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const idle = new IdleMemory({ endingMs: 0 });
    const garbage = makeGarbage();
    assert(garbage > 70 * MB, `${garbage / MB} MB of garbage`);
    const before = taken();
    await idle.rest();
    const returned = before - taken();
    assert(returned > 0.7 * garbage, `${returned / MB} MB returned`);
    assertEquals(status("THP_enabled"), 0);
    idle.wake();
    assertEquals(status("THP_enabled"), 1);
    const waiting = idle.rest();
    idle.wake(); // in the meantime
    await waiting;
    assertEquals(status("THP_enabled"), 1);
  },
});

Deno.test({
  name: "IdleMemory unloads ONNX Runtime once its threads have ended",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const script = new URL("_asleep.ts", import.meta.url).pathname;
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", script],
      stderr: "inherit",
    }).output();
    const [before, after] = JSON.parse(new TextDecoder().decode(stdout));
    assert(before > 0, "nothing keeps it loaded");
    assertEquals(after, 0);
  },
});

Deno.test("ModelMemory says when no model is open, and when one is to be", async () => {
  const said: string[] = [];
  const memory = new ModelMemory(100, {
    wake: () => void said.push("wake"),
    rest: () => said.push("rest"),
  });
  const holder = { isIdle: false, sleep: () => Promise.resolve() };
  const { signal } = new AbortController();
  const take = () => memory.take(holder, { bytes: 40, signal });
  const places = [await take(), await take()];
  places[0][Symbol.dispose]();
  assertEquals(said, ["wake", "wake"]);
  places[1][Symbol.dispose]();
  assertEquals(said, ["wake", "wake", "rest"]);
});
