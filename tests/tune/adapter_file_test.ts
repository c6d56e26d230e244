import { assert, assertEquals } from "@std/assert";
import { layOut } from "../../lib/bita/tree/pass_layout.ts";
import { chain } from "../../lib/bita/tree/tree.ts";
import type { Model } from "../../lib/bita/decode/model.ts";
import { FAMILY_FILES } from "../models/architectures/_families.ts";
import { type TinyOptions, writeTinyGguf } from "../toy/tiny_gguf.ts";
import { PYTHON, python, withTinyModel } from "./_python.ts";
import { serve } from "./_serve.ts";

const LINEARS = ["attn_qkv", "attn_output", "ffn_gate_up", "ffn_down"];

/** An adapter of every part for a tiny model, and the tokens of a text. */
interface MaskCase {
  name: string;
  file: TinyOptions;
  tokens: number;
  shape: object;
}

const UPDATED = { rank: 2, linears: LINEARS, first_layer: 1 };

/** Gemma's window has 64 tokens. */
const CASES: MaskCase[] = [
  { name: "llama", file: { seed: 1 }, tokens: 30, shape: {} },
  { name: "updated", file: { seed: 1 }, tokens: 30, shape: UPDATED },
  ...["llama-factors", "qwen2", "qwen3", "gemma3"].map((name) => ({
    name,
    file: FAMILY_FILES[name],
    tokens: 90,
    shape: UPDATED,
  })),
];

Deno.test("the server's mask logits equal PyTorch's, in each family", {
  ignore: !PYTHON,
}, async (t) => {
  const folder = await Deno.makeTempDir();
  const [model, adapter] = ["gguf", "safetensors"].map(
    (end) => (name: string) => `${folder}/${name}.${end}`,
  );
  try {
    const cases = CASES.map(({ name, tokens, shape }) => {
      const paths = { model: model(name), adapter: adapter(name) };
      return { ...paths, tokens, shape };
    });
    for (const { name, file } of CASES) {
      await writeTinyGguf(model(name), file);
    }
    const script = "tests/tune/_mask_logits.py";
    const { code, stdout, stderr } = await python([
      script,
      JSON.stringify(cases),
    ]);
    assertEquals(code, 0, stderr);
    const lines = stdout.trim().split("\n");
    for (const [at, { name }] of CASES.entries()) {
      await t.step(name, async () => {
        const paths = { folder, adapter: adapter(name) };
        await compareMasks(
          await serve(model(name), paths),
          JSON.parse(lines[at]),
        );
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Compares what the masks after a text say here with what they say in PyTorch. */
async function compareMasks(
  model: Model,
  expected: { ids: number[]; logits: number[][] },
): Promise<void> {
  const ids = Int32Array.from(expected.ids);
  const sequence = model.open(ids);
  const [before, tokens] = [ids.subarray(0, -30), ids.subarray(-30)];
  if (before.length > 0) {
    const parents = chain(before.length - 1);
    const { length: start } = sequence;
    const step = { sequence, start, tokens: before, parents, read: [] };
    const [output] = await model.run([step]);
    output.release();
    sequence.length += before.length;
  }
  const { tokens: rows, parents, maskRows } = layOut({
    parents: tokens.map((_, node) => node - 1),
    tokens,
    masks: tokens.map((_, node) => node === tokens.length - 1 ? 3 : 0),
  });
  const first = maskRows.at(-1)!;
  const [output] = await model.run([{
    sequence,
    start: sequence.length,
    tokens: rows,
    parents,
    read: [first, first + 1, first + 2],
  }]);
  const logits = output.logits.flatMap((row) => [...row]);
  output.release();
  sequence.close();

  const flat = expected.logits.flat();
  assertEquals(logits.length, flat.length);
  const worst = Math.max(...flat.map((x, i) => Math.abs(x - logits[i])));
  assert(worst < 1e-4, `differ by ${worst}`);
}

Deno.test("the server's Hydra head drafts as PyTorch's does", {
  ignore: !PYTHON,
}, async () => {
  await withTinyModel(async ({ folder, model: path }) => {
    const adapter = `${folder}/bita.safetensors`;
    const { code, stdout, stderr } = await python(
      ["tests/tune/_hydra_logits.py", adapter],
      { TINY: path },
    );
    assertEquals(code, 0, stderr);
    const expected: { ids: number[]; logits: number[][] } = JSON.parse(stdout);

    const model = await serve(path, { folder, adapter });
    assertEquals([...model.shape.draftVocab!], [2, 3, 5, 8, 13, 21, 34]);
    const tokens = Int32Array.from(expected.ids);
    const sequence = model.open(tokens);
    const [output] = await model.run([{
      sequence,
      start: sequence.length,
      tokens,
      parents: chain(tokens.length - 1),
      read: [],
    }]);
    const said = [
      ...await output.draft!(7, tokens.length - 1),
      ...await output.draft!(9),
    ];
    output.release();
    sequence.close();

    const flat = expected.logits.flat();
    assertEquals(said.length, flat.length);
    const worst = Math.max(...flat.map((x, i) => Math.abs(x - said[i])));
    assert(worst < 1e-4, `differ by ${worst}`);
  });
});
