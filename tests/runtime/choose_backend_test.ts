import { assertEquals } from "@std/assert";

const CHOOSE = new URL("_choose.ts", import.meta.url).pathname;

/** Chooses in a process that may do all but what is denied. */
async function chosen(...denied: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", ...denied, CHOOSE],
  }).output();
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("chooseBackend() takes wasm where nothing native may load", async () => {
  const free = await chosen();
  if (free !== "webgpu") assertEquals(free, "cpu");
  const expected = free === "webgpu" ? "webgpu" : "wasm";
  assertEquals(await chosen("--deny-ffi"), expected);
});
