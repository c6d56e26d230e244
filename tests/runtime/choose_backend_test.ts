import { assertEquals } from "@std/assert";

const CHOOSE = new URL("_choose.ts", import.meta.url).pathname;

/** Chooses in a process with all permissions, and with `flags`. */
async function chosen(...flags: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", ...flags, CHOOSE],
  }).output();
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("chooseBackend() takes wasm where nothing native may load", async () => {
  const free = await chosen();
  if (free !== "webgpu") assertEquals(free, "cpu");
  const expected = free === "webgpu" ? "webgpu" : "wasm";
  assertEquals(await chosen("--deny-ffi"), expected);
});

Deno.test("chooseBackend() needs no lock file to find native kernels", async () => {
  assertEquals(await chosen("--no-lock"), await chosen());
});
