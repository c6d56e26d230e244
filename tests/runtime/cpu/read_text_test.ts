import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { readText } from "../../../lib/runtime/cpu/read_text.ts";
import { Embedding } from "../../../models/embedding.ts";
import { openArtefact } from "../../../models/artefact.ts";
import { openGguf, readMatrix } from "../../../models/gguf/reader.ts";
import { measureInputs } from "../../../models/graph/quantize/largest_inputs.ts";
import { TINY, writeTinyGguf } from "../../toy/tiny_gguf.ts";

Deno.test("readText() tells how large the inputs of all linears are", async () => {
  const folder = await Deno.makeTempDir();
  await writeTinyGguf(`${folder}/tiny.gguf`, { seed: 1 });
  const gguf = await openGguf(`${folder}/tiny.gguf`);
  const progress = { start() {}, advance() {}, stop() {}, note() {} };
  const artefact = await openArtefact(gguf, {
    ...{ cacheDir: folder, format: "fp32", progress },
  });
  const { config } = artefact;
  const tokens = Int32Array.from({ length: 130 }, (_, i) => (i * 7) % 300);
  const shares: number[] = [];
  const largest = await measureInputs({
    ...{ gguf, config, folder },
    read: (name, range) => readMatrix(gguf, name, range),
    readText: (body, onShare) =>
      readText(body, { tokens, threads: 1, onShare }),
  }, (share) => shares.push(share));

  assertEquals(shares, [0.5, 0.5]);
  const linears = ["attn_qkv", "attn_output.weight", "ffn_gate.weight"];
  assertEquals(
    [...largest.keys()].sort(),
    [
      ...[0, 1].flatMap((layer) =>
        [...linears, "ffn_down.weight"].map((name) => `blk.${layer}.${name}`)
      ),
      "output.weight",
    ].sort(),
  );
  for (const [name, values] of largest) {
    const size = name.includes("down") ? TINY.hidden : TINY.dim;
    assertEquals(values.length, size, name);
    assertEquals(Math.max(...values), 1, name);
    assert(values.every((value) => value > 0), name);
  }

  // The first inputs are normalised embeddings, of which shares keep the directions.
  using embedding = Embedding.open(artefact);
  const norm = (await readMatrix(gguf, "blk.0.attn_norm.weight")).data;
  const expected = new Float32Array(TINY.dim);
  for (const token of tokens.subarray(0, 128)) {
    const row = new Float32Array(TINY.dim);
    embedding.lookUp(token, row);
    const sizes = row.map((x, i) => Math.abs(x * norm[i]));
    const most = Math.max(...sizes);
    for (const [i, size] of sizes.entries()) {
      expected[i] = Math.max(expected[i], size / most);
    }
  }
  for (const [i, value] of largest.get("blk.0.attn_qkv")!.entries()) {
    assertAlmostEquals(value, expected[i], 1e-5);
  }
  assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
    "graphs",
    "tiny.gguf",
    "tiny.gguf.checked.json",
  ]);
  await Deno.remove(folder, { recursive: true });
});
