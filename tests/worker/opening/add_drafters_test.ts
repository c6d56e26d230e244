import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Backend } from "../../../lib/runtime/backend.ts";
import { cpuBackend } from "../../../lib/runtime/cpu/cpu_backend.ts";
import { openModel } from "../../../lib/runtime/open_model.ts";
import {
  addDrafters,
  checkModel,
} from "../../../lib/worker/opening/check_model.ts";
import { ADAPTER, formatOn, realArtefact } from "../../real_model.ts";

const ARTEFACT = await realArtefact(formatOn("cpu"), { adapter: ADAPTER });
const KNOWN = {
  samples: () =>
    Promise.resolve({
      body: [[2, 1], [8, 2]] as const,
      head: [[2, 1], [8, 2]] as const,
    }),
};

/** Opens a model whose body for masks is right or wrong. */
async function openLate({ wrong = false } = {}) {
  const backend = cpuBackend(2);
  const opened: string[] = [];
  const createSession: Backend["createSession"] = async (path, options) => {
    opened.push(path.match(/[\w-]+(?=\.onnx)/)![0]);
    const session = await backend.createSession(path, options);
    if (!wrong || !path.endsWith("body-masks.onnx")) return session;
    return {
      async run(feeds, fetches, kv) {
        const outputs = await session.run(feeds, fetches, kv);
        const hidden = outputs.hidden.data as Float32Array;
        for (let i = 0; i < hidden.length; i++) hidden[i] *= -1;
        return outputs;
      },
    };
  };
  const model = await openModel(
    { ...backend, createSession },
    ARTEFACT,
    { context: 512, draftLater: true },
  );
  return { model, opened };
}

Deno.test("a model answers before it drafts, and drafts once it is tested with masks", async () => {
  const { model, opened } = await openLate();
  using check = await checkModel(model, KNOWN);
  assert(check.invariant);
  assertEquals(opened, ["body", "head"]);
  const { masks, draftVocab } = model.shape;
  assertEquals([masks, draftVocab], [0, undefined]);

  const sequence = model.open(Int32Array.of(1, 2));
  const [before] = await model.run([{
    sequence,
    start: sequence.length,
    tokens: Int32Array.of(1, 2),
    parents: Int32Array.of(-1, 0),
    read: [1],
  }]);
  await addDrafters(model, check);
  assertEquals(opened, ["body", "head", "body-masks", "hydra"]);
  assertEquals(model.shape.masks, ARTEFACT.adapter.masks);
  const words = model.shape.draftVocab!.length;
  assertEquals((await before.draft(3, 1)).length, words, "of an older pass");
  before.release();
  sequence.close();
  await model.close();
});

Deno.test("a model never drafts by masks that change other rows", async () => {
  const { model } = await openLate({ wrong: true });
  using check = await checkModel(model, KNOWN);
  await assertRejects(
    () => addDrafters(model, check),
    Error,
    "Cannot draft by the adapter: the same bits as without masks are required",
  );
  assertEquals([model.shape.masks, model.shape.draftVocab], [0, undefined]);
  await model.close();
});
