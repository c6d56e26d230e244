import { assertAlmostEquals, assertEquals } from "@std/assert";
import { cpuBackend } from "../../../lib/runtime/cpu/cpu_backend.ts";
import { clipsSums } from "../../../lib/runtime/cpu/clips_sums.ts";
import { readLayer } from "../../../lib/runtime/cpu/read_layer.ts";
import { openModel } from "../../../lib/runtime/open_model.ts";
import { openArtefact } from "../../../models/artefact.ts";
import { Embedding } from "../../../models/embedding.ts";
import { openGguf, readMatrix } from "../../../models/gguf/reader.ts";
import { TextInLayers } from "../../../models/graph/quantize/layer_inputs.ts";
import { readInPasses } from "../_text.ts";
import { TINY, writeTinyGguf } from "../../toy/tiny_gguf.ts";

Deno.test("readLayer() has a text read layer by layer, and shows all inputs", async () => {
  const folder = await Deno.makeTempDir();
  await writeTinyGguf(`${folder}/tiny.gguf`, { seed: 1 });
  const gguf = await openGguf(`${folder}/tiny.gguf`);
  const progress = { start() {}, advance() {}, stop() {}, note() {} };
  const artefact = await openArtefact(gguf, {
    cacheDir: folder,
    format: "fp32",
    progress,
  });
  // The last two do not fill a pass.
  const tokens = Int32Array.from({ length: 130 }, (_, i) => (i * 7) % 300);
  const shown: Map<string, number[]>[] = [];
  let stream: Float32Array = new Float32Array();
  const text = await TextInLayers.open({
    gguf,
    folder,
    config: artefact.config,
    read: (name, range) => readMatrix(gguf, name, range),
    reading: {
      tokens: () => Promise.resolve(tokens),
      clipsSums,
      async readLayer(layer) {
        const inputs = new Map<string, number[]>();
        shown.push(inputs);
        stream = layer.stream;
        await readLayer({
          ...layer,
          look(name, rows) {
            inputs.set(name, [...inputs.get(name) ?? [], ...rows]);
            layer.look(name, rows);
          },
        }, { threads: 1 });
      },
    },
  });

  const linears = ["attn_qkv", "attn_output.weight", "ffn_gate.weight"];
  for (const layer of [0, 1]) {
    const inputs = await text.read(layer);
    const names = [...linears, "ffn_down.weight"]
      .map((name) => `blk.${layer}.${name}`);
    assertEquals([...inputs.keys()], ["head", ...names]);
    for (const [name, { sizes: values, rows }] of inputs) {
      const seen = shown[layer].get(name.replace(`blk.${layer}`, "blk.0"))!;
      assertEquals(seen.length, 128 * values.length, name);
      const powers = new Float64Array(values.length);
      for (let row = 0; row < 128; row++) {
        const from = row * values.length;
        const own = seen.slice(from, from + values.length);
        const all = own.reduce((sum, x) => sum + x * x, 0);
        for (const [i, x] of own.entries()) powers[i] += (x * x / all) ** 2;
        if (row % 4 > 0) continue;
        const kept = rows.subarray(from / 4, from / 4 + values.length);
        for (const [i, x] of kept.entries()) {
          assertAlmostEquals(x, own[i] / Math.sqrt(all), 1e-6, name);
        }
      }
      for (const [i, value] of values.entries()) {
        assertAlmostEquals(value, powers[i] ** 0.25, 1e-5, name);
      }
    }
    if (layer === 1) assertEquals(text.head, inputs.get("head")!);
  }

  // The first inputs are normalised embeddings.
  using embedding = Embedding.open(artefact);
  const { data: scales } = await readMatrix(gguf, "blk.0.attn_norm.weight");
  const first = shown[0].get("blk.0.attn_qkv")!;
  for (const [row, token] of tokens.subarray(0, 128).entries()) {
    const embedded = new Float32Array(TINY.dim);
    embedding.lookUp(token, embedded);
    for (const [i, x] of normalised(embedded, scales).entries()) {
      assertAlmostEquals(first[row * TINY.dim + i], x, 1e-5);
    }
  }

  // What comes out of the last layer is what the head of the whole model reads.
  const { data: last } = await readMatrix(gguf, "output_norm.weight");
  const { data: head } = await readMatrix(gguf, "output.weight");
  const model = await openModel(cpuBackend(1), artefact, { context: 256 });
  await readInPasses(model, tokens.subarray(0, 128), {
    width: 32,
    look(logits, row) {
      const state = stream.subarray(row * TINY.dim);
      const hidden = normalised(state.subarray(0, TINY.dim), last);
      for (const token of [0, 7, TINY.vocab - 1]) {
        const from = token * TINY.dim;
        const logit = hidden.reduce((sum, x, i) => sum + x * head[from + i], 0);
        assertAlmostEquals(logits[token], logit, 1e-4);
      }
    },
  });
  await model.close();
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  assertEquals(names.filter((name) => !name.startsWith("tiny")), ["graphs"]);
  await Deno.remove(folder, { recursive: true });
});

/** Returns a row with a root mean square of 1, multiplied by the scales. */
function normalised(row: Float32Array, scales: Float32Array): Float32Array {
  const squares = row.reduce((sum, x) => sum + x * x, 0) / row.length;
  return row.map((x, i) => x / Math.sqrt(squares + 1e-5) * scales[i]);
}
