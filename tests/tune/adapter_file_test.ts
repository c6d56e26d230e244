import { assert, assertEquals } from "@std/assert";
import { layOut } from "../../lib/bita/tree/pass_layout.ts";
import { chain } from "../../lib/bita/tree/tree.ts";
import { PYTHON, python, withTinyModel } from "./_python.ts";
import { serve } from "./_serve.ts";

const LINEARS = ["attn_qkv", "attn_output", "ffn_gate_up", "ffn_down"];

Deno.test("the server's mask logits equal PyTorch's", {
  ignore: !PYTHON,
}, () => compareMasks({}));

Deno.test("the server's updates of linears equal PyTorch's", {
  ignore: !PYTHON,
}, () => compareMasks({ rank: 2, linears: LINEARS, first_layer: 1 }));

/** Writes an adapter of a shape and compares what its masks say here and there. */
async function compareMasks(shape: object): Promise<void> {
  await withTinyModel(async ({ folder, model: path }) => {
    const adapter = `${folder}/bita.safetensors`;
    const script = "tests/tune/_mask_logits.py";
    const { code, stdout, stderr } = await python([
      script,
      adapter,
      JSON.stringify(shape),
    ], {
      TINY: path,
    });
    assertEquals(code, 0, stderr);
    const expected: { ids: number[]; logits: number[][] } = JSON.parse(stdout);

    const model = await serve(path, { folder, adapter });
    const tokens = Int32Array.from(expected.ids);
    const sequence = model.open(tokens);
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
  });
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
