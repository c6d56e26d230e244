/**
 * The command-line options that choose how a benchmark drafts.
 *
 * @module
 */

import type { DecodeOutput } from "../../../lib/bita/decode/output.ts";
import type { decodePlain } from "../../../lib/bita/decode/plain.ts";
import { parseShape } from "../../../lib/bita/tree/tree.ts";
import { Drafting, type DraftingParts } from "../../../lib/worker/drafting.ts";
import { someOf } from "../benchmark.ts";

/** A function that decodes a text. */
export type Way = (
  ...args: Parameters<typeof decodePlain>
) => AsyncIterable<DecodeOutput>;

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
  parts: DraftingParts,
): Way {
  const drafting = new Drafting(parts);
  const [draft] = someOf(name, SOURCES);
  const draftTree = tree === "auto" ? undefined : parseShape(tree);
  return (_, ids, options) =>
    drafting.decode(ids, { draft, draftTree, ...options });
}
