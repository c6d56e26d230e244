/**
 * What a model on ONNX Runtime is joined from. What drafts may come later than the rest,
 * so that a model can answer sooner.
 *
 * @module
 */

import type { Adapter } from "../../models/adapter/adapter.ts";
import type { ModelConfig } from "../../models/architectures/config.ts";
import type { Embedding } from "../../models/embedding.ts";
import type { Backend, Session } from "./backend.ts";

/** What drafts, if the adapter has it. */
export interface DrafterSessions {
  /** The body for steps with mask rows, if the adapter updates linears for them. */
  maskBody?: Session;
  /** A step of the Hydra head. */
  hydra?: Session;
}

/** What a model is joined from. */
export interface OrtModelParts extends DrafterSessions {
  backend: Backend;
  body: Session;
  head: Session;
  /** Numbers of sequences that further bodies are for, rising. */
  batches: readonly number[];
  /** Whether those bodies are folded. */
  foldsBatches: boolean;
  /** Opens the body for so many sequences. */
  openBatched: (sequences: number) => Promise<Session>;
  /** The body for passes of few rows, if there is one. */
  few?: {
    open: () => Promise<Session>;
    /** Rows up to which it is faster. */
    most: number;
    /** Slots before several rows from which it is. */
    from: number;
  };
  /** Opens what drafts, if that was left for later. */
  openDrafters?: () => Promise<DrafterSessions>;
  config: ModelConfig;
  embedding: Embedding;
  adapter: Adapter;
  /** Tokens that a text may have. */
  context: number;
  /** Milliseconds of a clock that never goes back. */
  now: () => number;
}
