import { assertEquals, assertStringIncludes } from "@std/assert";

const CHOOSE = new URL("_choose.ts", import.meta.url).pathname;

/** Chooses in a process with all permissions, and with `flags`. */
async function choose(...flags: string[]) {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", ...flags, CHOOSE],
  }).output();
  const decoder = new TextDecoder();
  const [name, reason] = [stdout, stderr].map((it) =>
    decoder.decode(it).trim()
  );
  return { name, reason };
}

Deno.test("chooseBackend() takes wasm where nothing native may load, and says why", async () => {
  const free = await choose();
  if (free.name === "webgpu") return;
  assertEquals(free, { name: "cpu", reason: "" });
  const { name, reason } = await choose("--deny-ffi");
  assertEquals(name, "wasm");
  assertStringIncludes(reason, "ffi");
});

Deno.test("chooseBackend() needs no lock file to find native kernels", async () => {
  assertEquals((await choose("--no-lock")).name, (await choose()).name);
});
