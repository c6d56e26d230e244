import { assert, assertAlmostEquals } from "@std/assert";
import type { Model } from "../../../lib/bita/decode/model.ts";
import { isInvariant } from "../../../lib/bita/cost/self_test.ts";
import { chain } from "../../../lib/bita/tree/tree.ts";
import { openBackend } from "../../../lib/runtime/choose_backend.ts";
import { openModel } from "../../../lib/runtime/open_model.ts";
import { openArtefact } from "../../../models/artefact.ts";
import { openGguf } from "../../../models/gguf/reader.ts";
import type { WeightFormat } from "../../../models/graph/linear.ts";
import { type TinyOptions, writeTinyGguf } from "../../toy/tiny_gguf.ts";
import { FAMILY_FILES, IDS, LENGTHS } from "./_families.ts";

/** What llama.cpp computes; `golden.ts` writes it. */
const GOLDEN = Deno.readTextFileSync(new URL("golden.jsonl", import.meta.url))
  .trim().split("\n").map((line) => JSON.parse(line)) as {
    name: string;
    best: [token: number, logit: number][][];
  }[];

/** Runs `use` with a tiny model. */
async function withModel(
  options: TinyOptions,
  format: WeightFormat,
  use: (model: Model) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await writeTinyGguf(`${folder}/tiny.gguf`, options);
    const artefact = await openArtefact(await openGguf(`${folder}/tiny.gguf`), {
      cacheDir: folder,
      format,
      progress: { start() {}, advance() {}, stop() {}, note() {} },
    });
    const backend = await openBackend("cpu", { threads: 1 });
    await use(await openModel(backend, artefact, { context: 512 }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Returns the logits after a text, `[vocab]`. */
async function logitsAfter(
  model: Model,
  ids: Int32Array,
): Promise<Float32Array> {
  const sequence = model.open(ids);
  const last = ids.length - 1;
  for (let start = 0; start < last; start += 64) {
    const tokens = ids.subarray(start, Math.min(start + 64, last));
    const [output] = await model.run([{
      sequence,
      start: sequence.length,
      tokens,
      parents: chain(tokens.length - 1),
      read: [],
    }]);
    output.release();
    sequence.length += tokens.length;
  }
  const [output] = await model.run([{
    sequence,
    start: sequence.length,
    tokens: ids.subarray(last),
    parents: chain(0),
    read: [0],
  }]);
  const logits = output.logits[0].slice();
  output.release();
  sequence.close();
  return logits;
}

for (const { name, best } of GOLDEN) {
  Deno.test(`${name}: logits are those of llama.cpp`, async () => {
    await withModel(FAMILY_FILES[name], "fp32", async (model) => {
      for (const [index, length] of LENGTHS.entries()) {
        const logits = await logitsAfter(model, IDS.subarray(0, length));
        const expected = best[index];
        const most = logits[expected[0][0]];
        const seen = expected.map(([token]) => logits[token] - most);
        for (const [rank, [, logit]] of expected.entries()) {
          assertAlmostEquals(seen[rank], logit, 2e-3, `after ${length}`);
        }
      }
    });
  });
}

Deno.test("rows of each architecture have the same bits in each pass", async () => {
  for (
    const name of ["llama-factors", "qwen2", "qwen3", "granite", "smollm3"]
  ) {
    await withModel(FAMILY_FILES[name], "int8", async (model) => {
      assert(await isInvariant(model), name);
    });
  }
});
