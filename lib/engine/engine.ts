/**
 * The sentence that the server speaks: a request becomes a prompt, the prompt
 * outputs of tokens, the tokens pieces of text.
 *
 * @module
 */

import { countPredicted } from "../bita/draft/prediction.ts";
import type { Sampling } from "../bita/choose/sampling.ts";
import { encodePrediction, encodePrompt } from "./encode_prompt.ts";
import { ApiError } from "./errors.ts";
import type {
  Engine,
  GenerationEvent,
  ModelInfo,
  PassTrace,
  Timings,
  Usage,
} from "./generation.ts";
import type { DecodeRequest, TimedOutput } from "../worker/messages.ts";
import { AnswerText } from "../text/answer_text.ts";
import type { ChatTemplate } from "../text/chat_template.ts";
import { promptParts } from "../text/prompt_parts.ts";
import type { Tokenizer } from "../text/tokenizer.ts";

/** What decodes: a model in its worker. */
export interface Decoder {
  decode(
    request: DecodeRequest,
    options: { signal: AbortSignal },
  ): AsyncIterable<TimedOutput>;
}

/** What an engine joins. */
export interface EngineParts {
  info: ModelInfo;
  tokenizer: Tokenizer;
  template: ChatTemplate;
  decoder: Decoder;
}

/** Generates text with one model. */
export function createEngine(
  { info, tokenizer, template, decoder }: EngineParts,
): Engine {
  const { context } = info;
  return {
    info,
    async *generate(request, { signal }): AsyncGenerator<GenerationEvent> {
      const prompt = encodePrompt(request.prompt, {
        tokenizer,
        template,
        context,
      });
      checkBias(request.sampling, tokenizer);
      const prediction = request.prediction === undefined
        ? undefined
        : encodePrediction(request.prediction, { tokenizer, context });
      const room = context - prompt.length;
      const outputs = decoder.decode({
        prompt,
        sampling: request.sampling,
        maxTokens: Math.min(request.maxTokens ?? room, room),
        endTokens: tokenizer.endTokens,
        draft: request.draft,
        draftTree: request.draftTree,
        prediction,
        trace: request.draftTrace ?? false,
        cache: request.cache,
      }, { signal });

      const answer = new AnswerText(tokenizer, request.stop);
      const timings = startTimings(prompt.length);
      const said: number[] = [];
      let finishReason: "stop" | "length" = "length";
      let untold = request.draftTrace ?? false;
      for await (const output of outputs) {
        count(output, timings);
        if (untold) {
          const cached = timings.cache_n;
          const parts = promptParts(prompt, { tokenizer, cached });
          yield { type: "prompt", parts };
        }
        untold = false;
        said.push(...output.tokens);
        const { pieces, stopped } = answer.push(output.tokens, {
          last: output.finish !== undefined,
        });
        const text = pieces.join("");
        if (request.draftTrace && output.rows > 0) {
          yield { type: "text", text, pass: traceOf(output, pieces) };
        } else if (text) yield { type: "text", text };
        finishReason = stopped ? "stop" : output.finish ?? finishReason;
        if (stopped) break;
      }
      timings.predicted_n = answer.tokens;
      if (timings.predicted_ms > 0) {
        timings.predicted_per_second = answer.tokens / timings.predicted_ms *
          1000;
      }
      const usage = {
        promptTokens: prompt.length,
        completionTokens: answer.tokens,
        cachedTokens: timings.cache_n,
        ...(prediction && {
          prediction: judge(prediction, said.slice(0, answer.tokens)),
        }),
      };
      yield { type: "end", finishReason, usage, timings };
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

/** Counts the predicted tokens that the answer came to, and the others. */
function judge(
  prediction: Int32Array,
  answer: number[],
): NonNullable<Usage["prediction"]> {
  const accepted = countPredicted(prediction, answer);
  return { accepted, rejected: prediction.length - accepted };
}

function startTimings(promptTokens: number): Timings {
  return {
    prompt_n: promptTokens,
    prompt_ms: 0,
    cache_n: 0,
    predicted_n: 0,
    predicted_ms: 0,
    predicted_per_second: 0,
    draft_n: 0,
    draft_n_accepted: 0,
    passes: 0,
    rows: 0,
  };
}

function traceOf(
  { ms, rows, drafted, guesses = [] }: TimedOutput,
  pieces: string[],
): PassTrace {
  const tokens = pieces.map((text, i) => ({ text, guess: guesses[i] ?? null }));
  return { ms, rows, drafted, tokens };
}

/** Adds an output to the timings; the first output is the end of the prefill. */
function count(output: TimedOutput, timings: Timings): void {
  if (output.rows === 0) {
    timings.prompt_ms += output.ms;
    timings.cache_n += output.cached ?? 0;
    timings.prompt_n -= output.cached ?? 0;
    return;
  }
  timings.predicted_ms += output.ms;
  timings.passes++;
  timings.rows += output.rows;
  timings.draft_n += output.drafted;
  timings.draft_n_accepted += output.accepted;
}
