/**
 * An engine without a model: its tokens are the words of a canned text. It counts,
 * stops, fails and obeys the signal as a real one must. It works on texts for real, with
 * the vocabulary of bytes.
 *
 * @module
 */

import type {
  Engine,
  GenerationEvent,
  GenerationRequest,
  ModelInfo,
  ModelState,
  ServedModel,
} from "../../lib/engine/generation.ts";
import type { TextReader } from "../../lib/engine/encode_texts.ts";
import { type Counts, OutputCounter } from "../../lib/engine/output_counter.ts";
import { runTask, type Texts } from "../../lib/engine/text_tasks.ts";
import { ChatTemplate } from "../../lib/text/chat_template.ts";
import { Tokenizer } from "../../lib/text/tokenizer.ts";
import { toyVocabulary } from "../text/_toy.ts";
import type { Queue } from "../../lib/engine/admission/queue.ts";

/** What a toy says and how it goes about it. */
export interface ToyOptions {
  id?: string;
  /** The answer to everything. */
  text?: string;
  /** Waited for before each word, and before the end. */
  pace?: (word: number) => Promise<void> | void;
  /** The line before it, if there is one. */
  queue?: Queue;
}

/** An open model that remembers what it was asked and how each run ended. */
export interface ToyEngine extends Engine, ServedModel {
  info: ModelInfo;
  state: ModelState;
  readonly asked: GenerationRequest[];
  /** `"running"`, `"ended"`, `"failed"` or `"left"`, a run each. */
  readonly runs: string[];
}

/** Makes a toy engine. */
export function toyEngine(
  { id = "toy", text = "The quick brown fox.", pace, queue }: ToyOptions = {},
): ToyEngine {
  const asked: GenerationRequest[] = [];
  const runs: string[] = [];
  const words = text.match(/\s*\S+/g) ?? [];

  async function* generate(
    request: GenerationRequest,
    { signal, onBegin }: Parameters<Engine["generate"]>[1],
  ): AsyncGenerator<GenerationEvent> {
    using _place = await queue?.enter(1, signal);
    asked.push(request);
    let said = 0;
    onBegin?.(() => countsOf(request, said));
    const run = runs.push("running") - 1;
    try {
      const most = words.slice(0, request.maxTokens);
      for (const [at, word] of most.entries()) {
        await unlessAborted(pace?.(at), signal);
        yield { type: "text", text: word, counts: countsOf(request, ++said) };
      }
      await unlessAborted(pace?.(said), signal);
      runs[run] = "ended";
      const finishReason = said < words.length ? "length" : "stop";
      yield { type: "end", finishReason, ...countsOf(request, said) };
    } catch (error) {
      if (!signal.aborted) runs[run] = "failed";
      throw error;
    } finally {
      if (runs[run] === "running") runs[run] = "left";
    }
  }
  function encode(
    { prompt }: Pick<GenerationRequest, "prompt">,
  ): Promise<Int32Array> {
    return Promise.resolve(new Int32Array(wordsOf(prompt)));
  }
  const info = toyInfo(id);
  const reader = toyReader(info);
  const texts: Texts = {
    run: async (name, input) => await runTask(name, input, reader),
  };
  /** A vector says how often a text has each of some tokens. */
  const embed: Engine["embed"] = (inputs, { onBegin }) => {
    const prompts = runTask("whole", inputs, reader);
    const vectors = prompts.map((prompt) => {
      const counts = new Float32Array(info.file.dim);
      for (const id of prompt) counts[id % counts.length]++;
      const length = Math.hypot(...counts);
      return counts.map((count) => count / length);
    });
    const length = prompts.flatMap((prompt) => [...prompt]).length;
    const { counts } = new OutputCounter({ prompt: { length } });
    onBegin?.(() => counts);
    return Promise.resolve({ vectors, counts });
  };
  /** All answers are as probable. */
  const decide: Engine["decide"] = (request, { onBegin }) => {
    const prompts = runTask("questions", request, reader);
    const probabilities = prompts.map(({ answers }) =>
      answers.map(() => 1 / answers.length)
    );
    const { counts } = new OutputCounter({ prompt: { length: 9 } });
    onBegin?.(() => counts);
    return Promise.resolve({ probabilities, counts });
  };
  const engine = { info, texts, embed, decide, generate, encode };
  return {
    ...engine,
    id,
    asked,
    runs,
    created: 1_700_000_000,
    state: "ready",
    open: () => Promise.resolve(engine),
  };
}

/** Makes what reads a toy's texts: bytes, and ChatML. */
function toyReader({ context }: ModelInfo): TextReader {
  const controls = ["<|im_start|>", "<|im_end|>"];
  const vocabulary = toyVocabulary({ controls });
  const tokenizer = new Tokenizer(vocabulary);
  const template = new ChatTemplate(vocabulary, tokenizer);
  return { tokenizer, template, context };
}

/** Describes a toy. */
export function toyInfo(id: string): ModelInfo {
  return {
    id,
    context: 2048,
    backend: "cpu",
    weights: "int8",
    threads: 2,
    exact: "bitwise",
    sequencesPerPass: 16,
    file: {
      architecture: "toy",
      type: "F32",
      vocabulary: "gpt2",
      tokens: 258,
      context: 2048,
      dim: 8,
      parameters: 1000,
      bytes: 4000,
    },
    fingerprint: "fp_toy",
  };
}

/** Counts the words of a prompt, which are its tokens. */
function wordsOf(prompt: GenerationRequest["prompt"]): number {
  const asked = "text" in prompt
    ? prompt.text
    : "tokens" in prompt
    ? prompt.tokens.join(" ")
    : prompt.messages.map(({ content }) => content).join(" ");
  return asked.split(/\s+/).length;
}

function countsOf({ prompt }: GenerationRequest, said: number): Counts {
  const promptTokens = wordsOf(prompt);
  return {
    usage: { promptTokens, completionTokens: said, cachedTokens: 1 },
    timings: {
      prompt_n: promptTokens - 1,
      prompt_ms: 1,
      cache_n: 1,
      predicted_n: said,
      predicted_ms: 2,
      predicted_per_second: said / 0.002,
      draft_n: 0,
      draft_n_accepted: 0,
      passes: said,
      rows: said,
    },
  };
}

/** Waits for `step`, but throws as soon as the signal aborts. */
async function unlessAborted(
  step: Promise<void> | void,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    await Promise.race([step, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
