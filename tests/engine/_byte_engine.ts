/**
 * The real engine around a toy decoder: bytes are tokens, 256 to 258 are control
 * tokens, and there is room for all requests unless told.
 *
 * @module
 */

import { createEngine, type Decoder } from "../../lib/engine/engine.ts";
import type {
  Engine,
  ModelInfo,
  ServedModel,
} from "../../lib/engine/generation.ts";
import { GrammarCheck } from "../../lib/grammar/grammar_check.ts";
import { KvBudget } from "../../lib/engine/admission/kv_budget.ts";
import { Queue } from "../../lib/engine/admission/queue.ts";
import { TextThread } from "../../lib/engine/text_thread.ts";
import { ChatTemplate } from "../../lib/text/chat_template.ts";
import { Tokenizer } from "../../lib/text/tokenizer.ts";
import { HERMES } from "../../lib/tools/tool_format.ts";
import { toyVocabulary } from "../text/_toy.ts";
import { toyInfo } from "../toy/engine.ts";

const vocabulary = toyVocabulary({
  controls: ["<|im_start|>", "<|im_end|>", "<|endoftext|>"],
});

/** The token that ends an answer. */
export const END = 257;

/** Tokens that a prompt and its answer may have. */
export const CONTEXT = 64;

/** Slots that a sequence takes besides its text. */
export const SLACK = 128;

/** What is scarce. */
export interface ByteEngineOptions {
  maxRunning?: number;
  maxWaiting?: number;
  /** KV slots of all requests together. */
  slots?: number;
  /** Tokens that a prompt and its answer may have. */
  context?: number;
  /** How often in a row an answer may write the same. */
  maxRepeats?: number | undefined;
  /** How it makes vectors of texts. */
  pooling?: ModelInfo["file"]["pooling"];
}

/** Joins a decoder with a tokenizer of bytes. */
export function byteEngine(
  decoder: Decoder,
  {
    maxRunning = 16,
    maxWaiting = 64,
    slots = 1 << 20,
    context = CONTEXT,
    maxRepeats,
    pooling,
  }: ByteEngineOptions = {},
): Engine & ServedModel & { queue: Queue } {
  const tokenizer = new Tokenizer(vocabulary);
  const template = new ChatTemplate(vocabulary, tokenizer);
  // Two numbers of 4 bytes a slot.
  const shape = { layers: 1, kvHeads: 1, headDim: 1 };
  const budget = new KvBudget(
    { ...shape, softPrompt: 0, context },
    { bytes: slots * 8, free: 0, tier: 0 },
  );
  const queue = new Queue({ maxRunning, maxWaiting, slots: budget.slots });
  const toy = toyInfo("toy");
  const engine = createEngine({
    info: () => ({ ...toy, context, file: { ...toy.file, pooling } }),
    tokenizer,
    toolFormat: HERMES,
    texts: new TextThread({ tokenizer, template, context }, { path: "" }),
    grammars: new GrammarCheck(tokenizer, { path: "" }),
    decoder,
    queue,
    budget,
    maxRepeats,
  });
  const { info } = engine;
  return {
    ...engine,
    id: info.id,
    info,
    queue,
    created: 0,
    state: "ready",
    open: () => Promise.resolve(engine),
  };
}

/** Encodes a text as the toy's tokens. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
