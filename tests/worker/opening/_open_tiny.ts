/**
 * A tiny model on kernels that may be wrong.
 *
 * @module
 */

import type { Backend } from "../../../lib/runtime/backend.ts";
import { cpuBackend } from "../../../lib/runtime/cpu/cpu_backend.ts";
import { openModel } from "../../../lib/runtime/open_model.ts";
import { OWN_KEYS } from "../../models/architectures/_families.ts";
import { tinyArtefact } from "../../runtime/_tiny.ts";

const ARTEFACT = await tinyArtefact("int8");

/** Of a model whose query heads share no keys. */
export const UNSHARED = await tinyArtefact("int8", OWN_KEYS);

/**
 * Opens a tiny model on kernels that are wrong in one of the folded bodies, for a single
 * row, or for more than so many rows of one sequence.
 */
export async function openTiny(
  {
    wrong,
    least = 1,
    rows = Infinity,
    parallel = 16,
    artefact = ARTEFACT,
    context = 64,
  }: {
    /** End of the name of that body. */
    wrong?: string;
    /** Rows below which the body for few is wrong. */
    least?: number;
    rows?: number;
    parallel?: number;
    artefact?: typeof ARTEFACT;
    context?: number;
  } = {},
) {
  const backend = cpuBackend(1);
  const opened: string[] = [];
  const events: string[] = [];
  const ran: string[] = [];
  /** Rows of the bodies and of the head that ran. */
  const widths: number[] = [];
  const close = () => {
    events.push("close");
    return backend.close();
  };
  const createSession: Backend["createSession"] = async (path, options) => {
    const [graph] = path.match(/[\w-]+(?=\.onnx)/)!;
    opened.push(graph);
    const session = await backend.createSession(path, options);
    return {
      async run(feeds, fetches, kv) {
        ran.push(graph);
        if (feeds.embeddings) widths.push(feeds.embeddings.dims[1]);
        else widths.push(feeds.chosen.size);
        events.push("begin");
        const outputs = await session.run(feeds, fetches, kv);
        events.push("end");
        const isWrong = graph === "body"
          ? outputs.hidden.dims[1] > rows
          : graph === "body-folded" && outputs.hidden.dims[1] < least;
        if (isWrong || graph === `body-folded${wrong}`) {
          const hidden = outputs.hidden.data as Float32Array;
          for (let i = 0; i < hidden.length; i++) hidden[i] *= -1;
        }
        return outputs;
      },
    };
  };
  const model = await openModel(
    { ...backend, createSession, close },
    artefact,
    { context, parallel },
  );
  return { model, opened, events, ran, widths };
}
