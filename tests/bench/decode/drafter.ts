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
import { DRAFTERS } from "../../../lib/bita/draft/acceptance.ts";
import type { AcceptanceTable } from "../../../lib/bita/draft/calibration.ts";
import { parseShape } from "../../../lib/bita/tree/tree.ts";
import { Drafting, type DraftingParts } from "../../../lib/worker/drafting.ts";
import { Scheduler } from "../../../lib/worker/scheduler.ts";
import { someOf } from "../benchmark.ts";
import { sum } from "../statistics.ts";

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
  without: {
    about: "what auto does without: drafters, conditional or confidence",
    default: "",
  },
};

const SOURCES = ["auto", "bita", "hydra", "ngram", "recycle"] as const;

/** What `--without` can leave out. */
const PARTS = [...DRAFTERS, "conditional", "confidence"] as const;

/** Returns the decoding function that the options choose. */
export function drafter(
  { draft: name, tree, without: left }: Record<string, string>,
  parts: Omit<DraftingParts, "scheduler"> & { model: Model },
): Way {
  const { model } = parts;
  const without = left ? someOf(left, PARTS) : [];
  const drafting = new Drafting({
    ...parts,
    adapter: ablated(parts.adapter, without),
    without: DRAFTERS.filter((drafter) => without.includes(drafter)),
    scheduler: new Scheduler(model),
  });
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

/** Returns an adapter without its conditional head, or without its confidence. */
function ablated(
  adapter: DraftingParts["adapter"],
  without: readonly typeof PARTS[number][],
): DraftingParts["adapter"] {
  let { acceptance, conditional, hydra } = adapter;
  if (without.includes("conditional")) conditional = undefined;
  if (without.includes("confidence")) {
    acceptance = acceptance && blurred(acceptance);
    conditional = conditional && withBlurred(conditional);
    hydra = hydra && withBlurred(hydra);
  }
  const { maskEmbeddings } = adapter;
  return {
    ...maskEmbeddings && { maskEmbeddings },
    ...acceptance && { acceptance },
    ...conditional && { conditional },
    ...hydra && { hydra },
  };
}

function withBlurred<T extends { acceptance: AcceptanceTable }>(head: T): T {
  return { ...head, acceptance: blurred(head.acceptance) };
}

/** Returns a table in which a guess is as likely as any other, whatever its share. */
function blurred({ seen, hits }: AcceptanceTable): AcceptanceTable {
  const sums = (counts: number[][][]) =>
    counts.map((ranks) => ranks.map((bins) => [sum(bins)]));
  return { shares: [], seen: sums(seen), hits: sums(hits) };
}
