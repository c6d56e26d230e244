/**
 * The command-line options that choose how a benchmark drafts.
 *
 * @module
 */

import type { Model } from "../../../lib/bita/decode/model.ts";
import type {
  DecodeOptions,
  DecodeOutput,
} from "../../../lib/bita/decode/output.ts";
import { parseShape } from "../../../lib/bita/tree/tree.ts";
import { Drafting, type DraftingParts } from "../../../lib/worker/drafting.ts";
import { Scheduler } from "../../../lib/worker/scheduler.ts";
import { someOf } from "../benchmark.ts";

/** A function that decodes a text. */
export type Way = (
  prompt: Int32Array,
  options: Omit<DecodeOptions, "prompt">,
) => AsyncGenerator<DecodeOutput, void>;

/** The options of benchmarks that draft. */
export const DRAFTER_OPTIONS = {
  draft: {
    about: "auto, bita, hydra, ngram or recycle",
    default: "auto",
  },
  tree: {
    about: "auto: what pays; or paper, or a shape such as 5-4-3",
    default: "auto",
  },
  adapter: {
    about: "file of the adapter; a missing file is an untrained adapter",
    default: "models/smollm2-135m-instruct/bita.safetensors",
  },
  rows: { about: "most rows a pass", default: "128" },
};

const SOURCES = ["auto", "bita", "hydra", "ngram", "recycle"] as const;

/** Returns the decoding function that the options choose. */
export function drafter(
  { draft: name, tree }: Record<string, string>,
  parts: Omit<DraftingParts, "scheduler"> & { model: Model },
): Way {
  const { model } = parts;
  const drafting = new Drafting({ ...parts, scheduler: new Scheduler(model) });
  const [draft] = someOf(name, SOURCES);
  const draftTree = tree === "auto" ? undefined : parseShape(tree);
  return async function* (prompt, options) {
    const sequence = model.open(prompt);
    try {
      yield* drafting.decode(sequence, {
        prompt,
        draft,
        draftTree,
        ...options,
      });
    } finally {
      sequence.close();
    }
  };
}
