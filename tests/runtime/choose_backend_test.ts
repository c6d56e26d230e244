import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { chooseWeights } from "../../lib/runtime/choose_backend.ts";

const CHOOSE = new URL("_choose.ts", import.meta.url).pathname;

/** Chooses in a process with all permissions, and with `flags`. */
const choose = (...flags: string[]) => run("-A", ...flags, CHOOSE);

/** Runs a process; returns what it prints. */
async function run(...args: string[]) {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...args],
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

Deno.test("mayHaveGpu() sees devices with the permissions of a start", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  const devices = [...Deno.readDirSync("/dev")].map(({ name }) => name);
  const isThere = devices.some((name) =>
    ["dri", "nvidia0", "nvidiactl", "dxg"].includes(name)
  );
  const script = new URL("_may_have_gpu.ts", import.meta.url).pathname;
  const seen = async (...flags: string[]) => (await run(...flags, script)).name;
  assertEquals(await seen("--allow-ffi"), String(isThere));
  assertEquals(await seen("--allow-read"), "true"); // as it can't know
});

Deno.test("chooseWeights() takes 4 bits where all layers have just these", () => {
  const file = (type: "Q4_0" | "Q4_1") =>
    new Map([
      ["token_embd.weight", { type: "Q8_0" as const, shape: [96, 64] }],
      ["blk.0.attn_norm.weight", { type: "F32" as const, shape: [64] }],
      ["blk.0.attn_q.weight", { type: "Q4_0" as const, shape: [64, 64] }],
      ["blk.0.attn_k.weight", { type, shape: [64, 64] }],
    ]);
  assertEquals(chooseWeights("auto", "cpu", file("Q4_0")), "int4");
  assertEquals(chooseWeights("auto", "webgpu", file("Q4_0")), "int4");
  assertEquals(chooseWeights("auto", "wasm", file("Q4_0")), "fp32");
  assertEquals(chooseWeights("auto", "cpu", file("Q4_1")), "w8a8");
  assertEquals(chooseWeights("auto", "webgpu", file("Q4_1")), "int8");
  assertEquals(chooseWeights("int8", "cpu", file("Q4_0")), "int8");
});

Deno.test("chooseWeights() has w8a8 on cpu alone", () => {
  assertEquals(chooseWeights("w8a8", "cpu", new Map()), "w8a8");
  for (const backend of ["webgpu", "wasm"] as const) {
    assertThrows(
      () => chooseWeights("w8a8", backend, new Map()),
      TypeError,
      `Cannot use WEIGHTS=w8a8: BACKEND must be cpu: received ${backend}`,
    );
  }
});
