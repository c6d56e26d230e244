import { assert } from "@std/assert";

/** Runs a script in a process of its own, which prints MiB. */
async function run(script: string): Promise<number[]> {
  const path = new URL(script, import.meta.url).pathname;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", path],
    stderr: "inherit",
  }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("a thrifty backend returns the memory of a long text once it is closed", async () => {
  const kept = await run("_long_texts.ts");
  assert(kept.every((mib) => mib < 20), `${kept} MiB of 80 are kept`);
});

Deno.test("trimHeap() returns what is free below a block in use", async () => {
  const [before, after] = await run("_free_heap.ts");
  assert(before > 90, `${before} MiB of 100 are kept anyway`);
  assert(after < 20, `${after} MiB of 100 are kept`);
});

Deno.test("sessions that run by turns keep as much memory as one of them", async () => {
  const [first, others] = await run("_many_sessions.ts");
  assert(first >= 16, `${first} MiB are kept by the first`);
  assert(others < 8, `${others} MiB are kept by seven more`);
});
