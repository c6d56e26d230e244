/**
 * The messages between the main thread and a model's worker.
 *
 * @module
 */

import type { Pooling } from "../../models/architectures/pooling.ts";
import type { Artefact } from "../../models/artefact.ts";
import type { DecodeOutput } from "../bita/decode/output.ts";
import type { ScoredPrompt } from "../bita/decode/score.ts";
import type { Sampling } from "../bita/choose/sampling.ts";
import type { Draft } from "../engine/generation.ts";
import type { Grammar } from "../grammar/grammar.ts";
import type { GrammarImage } from "../grammar/llguidance.ts";
import type { CacheHints } from "../prefix/cache_hints.ts";
import type { PrefixSettings } from "../prefix/open_prefix_cache.ts";
import type { Erasure } from "../prefix/prefix_cache.ts";
import type { PrefixCounters } from "../prefix/prefix_counters.ts";
import type { BackendName } from "../runtime/backend.ts";

/** Asks a fresh worker to open a model; it must be the first message. */
export interface OpenMessage {
  type: "open";
  artefact: Artefact;
  /** The model's file, which has the vocabulary. */
  path: string;
  backend: BackendName;
  threads: number;
  /** Tokens that a text may have. */
  context: number;
  /** Texts that run at once. */
  parallel: number;
  prefix: PrefixSettings;
  /** Beginnings of prompts that are computed now, and visible to all callers. */
  shared: Int32Array[];
}

/** What to decode. */
export interface DecodeRequest {
  prompt: Int32Array;
  sampling: Sampling;
  maxTokens: number;
  /** Tokens before which no end token is chosen. */
  minTokens?: number | undefined;
  endTokens: ReadonlySet<number>;
  /** What the answer must look like; anything unless given. */
  grammar?: Grammar | undefined;
  /** The grammar compiled, if that takes long. */
  compiled?: GrammarImage | undefined;
  draft: Draft;
  /** Guesses by depth, of a comb to fill; without it, what pays. */
  draftTree?: readonly number[] | undefined;
  /** A text that is likely to come, to copy from. */
  prediction?: Int32Array | undefined;
  /** How many likely tokens are listed beside each; without it, none is scored. */
  logprobs?: number | undefined;
  /** Whether the prompt's tokens are scored, too. */
  scorePrompt?: boolean | undefined;
  /** Whether outputs tell of their guesses. */
  trace: boolean;
  cache: CacheHints;
  /** How the prompt becomes one vector, where that is wanted and no answer. */
  pooling?: Pooling | undefined;
  /** Prompts that begin with the prompt, where their answers are scored instead. */
  prompts?: readonly ScoredPrompt[] | undefined;
}

/** Why a request is cancelled whose client will come back: its server ends. */
export const INTERRUPTED = "interrupted";

/** From the main thread to the worker. */
export type ToWorker =
  | OpenMessage
  | { type: "decode"; id: number; request: DecodeRequest }
  | { type: "cancel"; id: number; reason?: typeof INTERRUPTED }
  | { type: "erase"; id: number; caller: string | undefined }
  /** Asks the worker to free its memory and to do nothing more. */
  | { type: "close" };

/** An output, and the milliseconds since the one before or since the start. */
export type TimedOutput = DecodeOutput & { ms: number };

/** Why a request ended without its whole answer. */
export interface Failure {
  error: string;
  /** What failed: the request, a device without memory for it, or the model. */
  fault: "request" | "memory" | "model";
}

/** How an opened model runs. */
export interface OpenedModel {
  /** Milliseconds of a plain pass. */
  passMs: number;
  exact: "bitwise" | "numerical";
  /** The most sequences that share a pass now; 1 if they take turns. */
  sequencesPerPass: number;
  /** How prompts are cached, in a few words. */
  prefix: string;
}

/** From the worker to the main thread. */
export type FromWorker =
  | ({ type: "opened" } & OpenedModel)
  /** From now on, so many sequences share a pass at most. */
  | { type: "widened"; sequencesPerPass: number }
  /** Something is worth a line in the log. */
  | { type: "warning"; message: string }
  /** The model did not open, or the worker can no longer run it. */
  | { type: "failed"; message: string }
  /** The worker has freed its memory, and runs no native code. */
  | { type: "closed" }
  | { type: "output"; id: number; output: TimedOutput }
  | ({ type: "done"; id: number; counters?: PrefixCounters } & Partial<Failure>)
  | ({ type: "erased"; id: number } & Erasure);
