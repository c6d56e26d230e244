import { assertEquals } from "@std/assert";
import type { Backend } from "../../lib/runtime/backend.ts";
import { cpuBackend } from "../../lib/runtime/cpu/cpu_backend.ts";
import { openModel } from "../../lib/runtime/open_model.ts";
import { openArtefact } from "../../models/artefact.ts";
import { openGguf } from "../../models/gguf/reader.ts";
import { writeTinyGguf } from "../toy/tiny_gguf.ts";

/** A backend that counts its KV buffers. */
function counting(backend: Backend) {
  const counts = { made: 0, closed: 0 };
  const counted: Backend = {
    ...backend,
    createKvBuffer(shape) {
      counts.made++;
      const buffer = backend.createKvBuffer(shape);
      return { ...buffer, close: () => counts.closed++ };
    },
  };
  return { counted, counts };
}

Deno.test("openModel() keeps a few KV buffers and closes the others", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await writeTinyGguf(`${folder}/tiny.gguf`, { seed: 1 });
    const artefact = await openArtefact(
      await openGguf(`${folder}/tiny.gguf`),
      {
        cacheDir: folder,
        format: "fp32",
        progress: { start() {}, advance() {}, stop() {}, note() {} },
      },
    );
    const { counted, counts } = counting(cpuBackend(1));
    const model = await openModel(counted, artefact, { context: 64 });
    const open = () => model.open(Int32Array.of(1));
    for (const sequence of [open(), open(), open(), open(), open()]) {
      sequence.close();
    }
    assertEquals(counts, { made: 5, closed: 3 });
    open().close();
    assertEquals(counts, { made: 5, closed: 3 });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
