/**
 * Turns a request into its answer. The request becomes a prompt, the prompt becomes
 * tokens, and the tokens that the model adds become text.
 *
 * @module
 */

import { OutputCounter } from "./output_counter.ts";
import type { Sampling } from "../bita/choose/sampling.ts";
import { answerGrammar, grammarSources } from "./answer_grammar.ts";
import { decider } from "./decide/decider.ts";
import { checkLengths } from "./encode_texts.ts";
import { embedder } from "./embed/embedder.ts";
import { ApiError } from "./errors.ts";
import type {
  Engine,
  GenerationEvent,
  GenerationRequest,
  ModelInfo,
  ScoredToken,
} from "./generation.ts";
import type { GrammarCheck } from "../grammar/grammar_check.ts";
import type { GrammarImage } from "../grammar/llguidance.ts";
import type { KvBudget } from "./admission/kv_budget.ts";
import type { Queue } from "./admission/queue.ts";
import type { Texts } from "./text_tasks.ts";
import type { PassTrace } from "./trace.ts";
import type { DecodeRequest, TimedOutput } from "../worker/messages.ts";
import { AnswerText } from "../text/answer_text.ts";
import { Repetition } from "./repetition.ts";
import { promptParts } from "./prompt_parts.ts";
import { StopStrings } from "../text/stop_strings.ts";
import { characters, scorePrompt, TokenScores } from "../text/token_scores.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { ToolAnswer } from "../tools/tool_answer.ts";
import type { ToolFormat } from "../tools/tool_format.ts";

/** What decodes: a model in its worker. */
export interface Decoder {
  decode(
    request: DecodeRequest,
    options: { signal: AbortSignal },
  ): AsyncIterable<TimedOutput>;
}

/** What an engine joins. */
export interface EngineParts {
  /** Describes the model as it runs now. */
  info: () => ModelInfo;
  tokenizer: Tokenizer;
  /** How the model writes calls of tools. */
  toolFormat: ToolFormat;
  texts: Texts;
  grammars: Pick<GrammarCheck, "check">;
  decoder: Decoder;
  /** The queue before the decoder. */
  queue: Queue;
  /** The memory that requests are admitted by. */
  budget: Pick<KvBudget, "answerTokens" | "slotsOf">;
  /** How often in a row an answer may write the same. @default Infinity */
  maxRepeats?: number | undefined;
}

/** Generates text with one model. */
export function createEngine(parts: EngineParts): Engine {
  const { tokenizer, toolFormat, texts, grammars, decoder, queue, budget } =
    parts;
  const { maxRepeats = Infinity } = parts;

  /** Turns a request into tokens, or refuses it, before it waits for its turn. */
  async function prepare(
    request: GenerationRequest,
    signal: AbortSignal,
  ): Promise<DecodeRequest> {
    checkLengths(request, parts.info());
    checkBias(request.sampling, tokenizer);
    const grammar = answerGrammar(request, toolFormat, tokenizer);
    let compiled: GrammarImage | undefined; // that of the last, the whole grammar
    const sources = grammarSources(request, grammar);
    for (const [at, { grammar: part, param }] of sources.entries()) {
      const isWhole = at === sources.length - 1;
      compiled = await grammars.check(part, { param, signal, isWhole });
    }
    const { prompt, prediction } = await texts.run("encode", request, signal);
    return {
      prompt,
      sampling: request.sampling,
      maxTokens: budget.answerTokens(prompt.length, request.maxTokens),
      minTokens: request.minTokens,
      endTokens: new Set([
        ...tokenizer.endTokens,
        ...request.stopTokens ?? [],
      ]),
      grammar,
      compiled,
      draft: request.draft,
      draftTree: request.draftTree,
      prediction,
      logprobs: request.logprobs,
      scorePrompt: request.echo && request.logprobs !== undefined,
      trace: request.draftTrace ?? false,
      cache: request.cache,
    };
  }

  /** Returns what reads the answer to a request. */
  function answerText({ tools, stop }: GenerationRequest): AnswerText {
    const stops = new StopStrings(stop);
    if (tools === undefined) return new AnswerText(tokenizer, stops);
    return new AnswerText(
      spelling(toolFormat.controls, tokenizer),
      new ToolAnswer(toolFormat, tools, stops),
    );
  }

  /** Returns the text of a prompt: as it was sent, or as its tokens read. */
  function promptText(
    { prompt }: GenerationRequest,
    tokens: Int32Array,
  ): string {
    if ("text" in prompt) return prompt.text;
    return promptParts(tokens, { tokenizer, cached: 0 })[1].text;
  }

  /** Returns the scores of a prompt's tokens, if they are scored. */
  function echoed(
    prompt: Int32Array,
    text: string,
    { scores }: TimedOutput,
  ): { tokens?: ScoredToken[] } {
    if (!scores) return {};
    const length = characters(text);
    return { tokens: scorePrompt(prompt, scores, { tokenizer, length }) };
  }

  return {
    texts,
    embed: embedder(parts),
    decide: decider(parts),
    get info() {
      return parts.info();
    },
    async encode(request, { signal }): Promise<Int32Array> {
      checkLengths(request, parts.info());
      return (await texts.run("encode", request, signal)).prompt;
    },
    async *generate(
      request,
      { signal, onPrompt, onBegin },
    ): AsyncGenerator<GenerationEvent> {
      const task = await prepare(request, signal);
      const slots = budget.slotsOf(task.prompt.length + task.maxTokens);
      using _place = await queue.enter(slots, signal);
      const answer = answerText(request);
      const repetition = new Repetition(maxRepeats);
      const counter = new OutputCounter(task);
      onBegin?.(() => counter.counts);
      const prompt = request.echo ? promptText(request, task.prompt) : "";
      const scores = request.logprobs === undefined
        ? undefined
        : new TokenScores(tokenizer, {
          endTokens: task.endTokens,
          offset: characters(prompt),
        });
      let finishReason: "stop" | "length" = "length";
      for await (const output of decoder.decode(task, { signal })) {
        const tokens = repetition.take(output.tokens);
        const last = repetition.ended || output.finish !== undefined;
        const read = answer.push(tokens, { last });
        const { text, calls, pieces, stopped } = read;
        const more = calls.length > 0 && { calls };
        counter.add(output, pieces.length);
        const { counts } = counter;
        if (output.rows > 0) scores?.add(output.scores ?? []);
        else { // the end of the prefill
          onPrompt?.();
          if (task.trace) {
            const cached = counts.usage.cachedTokens;
            const parts = promptParts(task.prompt, { tokenizer, cached });
            yield { type: "prompt", parts };
          }
          if (request.echo) {
            const scored = echoed(task.prompt, prompt, output);
            yield { type: "text", text: prompt, counts, ...scored };
          }
        }
        const shown = scores?.show(read.written, {
          last: last && !stopped && !repetition.ended,
        });
        const scored = shown && { tokens: shown };
        if (task.trace && output.rows > 0) {
          const pass = traceOf(output, pieces);
          yield { type: "text", text, ...more, counts, ...scored, pass };
        } else if (text || more || shown?.length) {
          yield { type: "text", text, ...more, counts, ...scored };
        }
        if (stopped) finishReason = "stop";
        else if (!repetition.ended) finishReason = output.finish ?? "length";
        if (stopped || repetition.ended) break;
      }
      const { stop } = answer;
      const ended = { ...stop !== undefined && { stop }, ...counter.counts };
      yield { type: "end", finishReason, ...ended };
    },
  };
}

function checkBias({ logitBias }: Sampling, { size }: Tokenizer): void {
  for (const id of logitBias.keys()) {
    if (id < size) continue;
    throw new ApiError(
      400,
      `Cannot bias a token: token ids must be below ${size}: received ${id}`,
      { param: "logit_bias" },
    );
  }
}

/** Spells out some control tokens, which have no bytes in texts. */
function spelling(
  controls: string[],
  tokenizer: Tokenizer,
): Pick<Tokenizer, "bytes"> {
  const utf8 = new TextEncoder();
  return {
    bytes(id) {
      const shown = tokenizer.isControl(id) &&
        controls.includes(tokenizer.spelling(id));
      return shown ? utf8.encode(tokenizer.spelling(id)) : tokenizer.bytes(id);
    },
  };
}

function traceOf(
  { ms, rows, drafted, guesses = [] }: TimedOutput,
  pieces: string[],
): PassTrace {
  const tokens = pieces.map((text, i) => ({ text, guess: guesses[i] ?? null }));
  return { ms, rows, drafted, tokens };
}
