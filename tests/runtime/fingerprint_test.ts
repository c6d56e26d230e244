import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { Model } from "../../lib/bita/decode/model.ts";
import { cpuBackend } from "../../lib/runtime/cpu/cpu_backend.ts";
import { fingerprint } from "../../lib/runtime/fingerprint.ts";
import { openModel } from "../../lib/runtime/open_model.ts";
import type { OrtModel } from "../../lib/runtime/ort_model.ts";
import { tinyArtefact } from "./_tiny.ts";

const artefact = await tinyArtefact("int8");
const open = (context: number) =>
  openModel(cpuBackend(1), artefact, { context });
const model = await open(64);

/** Names the tiny model, computed by `run`. */
function nameOf({ open, shape }: OrtModel, run: Model["run"]) {
  const probed = { shape, open: open.bind(model), run };
  const backend = "cpu";
  return fingerprint({ artefact, backend, threads: 1, model: probed });
}

Deno.test("fingerprint() is the same for any context, each time", async () => {
  const name = await nameOf(model, (steps) => model.run(steps));
  assert(/^[0-9a-f]{32}$/.test(name));
  const other = await open(16);
  const names = [
    await fingerprint({ artefact, backend: "cpu", threads: 1, model }),
    await fingerprint({ artefact, backend: "cpu", threads: 1, model: other }),
  ];
  assertEquals(names, [name, name]);
});

Deno.test("fingerprint() changes with a bit of a pass, and with what runs", async () => {
  const name = await nameOf(model, (steps) => model.run(steps));
  const flipped = await nameOf(model, async (steps) => {
    const outputs = await model.run(steps);
    const [row] = outputs[0].logits;
    new Int32Array(row.buffer, row.byteOffset)[0] ^= 1;
    return outputs;
  });
  assertNotEquals(flipped, name);
  const running = { artefact, backend: "cpu", threads: 1, model } as const;
  const others = [
    { ...running, threads: 2 },
    { ...running, backend: "wasm" as const },
    { ...running, artefact: { ...artefact, digest: "other" } },
  ];
  for (const other of others) assertNotEquals(await fingerprint(other), name);
});
