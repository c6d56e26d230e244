/**
 * The types of a generation: what a request asks for, what comes back, and the port
 * that the HTTP side calls. There is no code here, so every room may import it.
 *
 * @module
 */

import type { Sampling } from "../bita/choose/sampling.ts";
import type { Grammar } from "../grammar/grammar.ts";
import type { CacheHints } from "../prefix/cache_hints.ts";
import type { Erasure } from "../prefix/prefix_cache.ts";
import type { PrefixCounters } from "../prefix/prefix_counters.ts";
import type { CallPart, ToolCall, ToolUse } from "../tools/tool.ts";
import type { Decide } from "./decide/decider.ts";
import type { Embed } from "./embed/embedder.ts";
import type { Texts } from "./text_tasks.ts";
import type { ModelFile } from "../../models/model_file.ts";
import type { Counts, OnBegin } from "./output_counter.ts";
import type { PassTrace, PromptPart } from "./trace.ts";

/** One message of a chat, with its text parts already joined. */
export interface ChatMessage {
  role: "system" | "user" | "assistant" | "tool";
  content: string;
  /** The calls that the assistant made after its text. */
  toolCalls?: ToolCall[];
  /** The id of the call that a tool's message answers. */
  toolCallId?: string;
}

/** A chat, and how the model's template makes a prompt of it. */
export interface ChatPrompt {
  messages: ChatMessage[];
  /** Variables of the template, such as `enable_thinking`. */
  variables?: Record<string, string | number | boolean | null>;
  /**
   * Where the prompt ends: where an answer begins, after the last message, or within
   * it, so that the answer goes on with its text. @default "answer"
   */
  ending?: "answer" | "message" | "text";
}

/** What drafts tokens for the next pass to verify. */
export type Draft = "auto" | "bita" | "hydra" | "ngram" | "recycle" | "none";

/** A validated request, in the engine's terms. */
export interface GenerationRequest {
  prompt: ChatPrompt | { text: string } | { tokens: number[] };
  sampling: Sampling;
  /** The most tokens to generate; without it, as many as the context holds. */
  maxTokens?: number;
  /** Tokens before which no token ends the text. */
  minTokens?: number;
  /** Tokens that end the text besides the model's own. */
  stopTokens?: number[];
  /** Texts that end the generation and are not part of it. */
  stop: string[];
  /** The tools that the prompt describes and the answer may call. */
  tools?: ToolUse;
  /** What the answer must look like; anything unless given. */
  grammar?: Grammar;
  /** The parameter that the grammar comes from, which its errors name. */
  grammarParam?: string;
  draft: Draft;
  /**
   * How many likely tokens are listed in the place of each; without it, tokens are not
   * scored.
   */
  logprobs?: number;
  /** Whether the prompt is a part of the text, and its tokens are scored, too. */
  echo?: boolean;
  /** The comb that guesses fill, as in `lib/bita/tree/tree.ts`; without it, what pays. */
  draftTree?: readonly number[];
  /** What the client expects the answer to be, more or less. */
  prediction?: string;
  /** Whether the answer reports the cached part of the prompt, and each pass. */
  draftTrace?: boolean;
  cache: CacheHints;
}

/** The cache of one model's prompts, as operators see it. */
export interface PromptCache {
  /** What it had done when the last text ended; none if it is off. */
  readonly counters: PrefixCounters | undefined;
  /** Erases the prompts of a caller, or of all callers. */
  erase(caller?: string): Promise<Erasure>;
}

/** A token that was likely at some place. */
export interface LikelyToken {
  /** A control token has those of its spelling. */
  bytes: Uint8Array;
  /**
   * Natural logarithm of its probability, before temperature, penalties and biases;
   * `null` for the first token of a prompt.
   */
  logprob: number | null;
}

/** A token of a text, and what was likely in its place. */
export interface ScoredToken extends LikelyToken {
  /** The most likely tokens, the best first. */
  top: LikelyToken[];
  /** Characters of the text before it. */
  offset: number;
  /** Set if it ended the text and is no part of it. */
  ends?: true;
}

/** Which of several answers an event is of. */
export interface Chosen {
  /** Number of the answer, from 0. @default 0 */
  choice?: number;
}

/** What a generation yields: the prompt if asked for, pieces of text, one end. */
export type GenerationEvent =
  & Chosen
  & (
    | { type: "prompt"; parts: PromptPart[] }
    | {
      type: "text";
      text: string;
      /** What the same pass added to calls of tools. */
      calls?: CallPart[];
      counts: Counts;
      /** The tokens that begin in it, if tokens are scored. */
      tokens?: ScoredToken[];
      pass?: PassTrace;
    }
    | ({
      type: "end";
      finishReason: "stop" | "length";
      /** The stop string that ended the answer, if one has. */
      stop?: string;
    } & Counts)
  );

/** A served model and how it runs, as `/health` and `/v1/models` show it. */
export interface ModelInfo {
  id: string;
  /** Tokens that a prompt and its answer may hold together. */
  context: number;
  /** Execution backend, such as `"cpu"`. */
  backend: string;
  /** Weight format, such as `"int8"`. */
  weights: string;
  threads: number;
  /** Whether a row's logits are the same bits at every pass width here. */
  exact: "bitwise" | "numerical";
  /** The most requests that share a pass; 1 if they take turns. */
  sequencesPerPass: number;
  file: ModelFile;
  /** Names the configuration that a seed's text depends on. */
  fingerprint: string;
}

/** What a model is doing: only a ready one decodes, an asleep one opens on demand. */
export type ModelState = "asleep" | "starting" | "ready" | "failed" | "stopped";

/** Generates text with one model, which has been opened. */
export interface Engine {
  /** How the model runs; it may change when the model is opened again. */
  readonly info: ModelInfo;
  /** Works on texts with the model's vocabulary and template. */
  readonly texts: Texts;
  /**
   * Returns the tokens of a prompt, without an answer to it.
   *
   * @throws {ApiError} 400 if the prompt leaves no room for an answer.
   */
  encode(
    request: Pick<GenerationRequest, "prompt" | "tools">,
    options: { signal: AbortSignal },
  ): Promise<Int32Array>;
  /** Turns texts into vectors. */
  readonly embed: Embed;
  /** Answers questions with probabilities. */
  readonly decide: Decide;
  /**
   * Yields pieces of text as they become certain, then the end.
   * Aborting the signal, or leaving the loop, stops the model within one pass.
   *
   * @throws {ApiError} before the first event, if the request can't be served.
   */
  generate(
    request: GenerationRequest,
    options: {
      signal: AbortSignal;
      /** Is called once the prompt is computed. */
      onPrompt?: () => void;
      onBegin?: OnBegin;
    },
  ): AsyncIterable<GenerationEvent>;
}

/** A model that is served, open or not. */
export interface ServedModel {
  readonly id: string;
  /** Unix time in seconds. */
  readonly created: number;
  readonly state: ModelState;
  /** How the model runs; none before it has been opened. */
  readonly info: ModelInfo | undefined;
  /** Works on texts, once that is possible, while the model still opens. */
  readonly earlyTexts?: Promise<Texts>;
  /**
   * Waits until the model is open, and opens it if it is asleep.
   *
   * @throws {ApiError} 503 if it is not open in time.
   * @throws the signal's reason if it aborts before.
   */
  open(signal: AbortSignal): Promise<Engine>;
}
