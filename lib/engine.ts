/**
 * The sentence that the server speaks: a request becomes a prompt, the prompt
 * bursts of tokens, the tokens pieces of text.
 *
 * @module
 */

import { ApiError } from "./errors.ts";
import type {
  Engine,
  GenerationEvent,
  GenerationRequest,
  ModelInfo,
  Timings,
} from "./generation.ts";
import type { DecodeTask, TimedBurst } from "./model_messages.ts";
import type { ChatTemplate } from "./text/chat_template.ts";
import { Detokenizer } from "./text/detokenizer.ts";
import { StopStrings } from "./text/stop_strings.ts";
import type { Tokenizer } from "./text/tokenizer.ts";

/** What decodes: a model in its worker. */
export interface Decoder {
  decode(
    task: DecodeTask,
    options: { signal: AbortSignal },
  ): AsyncIterable<TimedBurst>;
}

/** What an engine joins. */
export interface EngineParts {
  info: ModelInfo;
  tokenizer: Tokenizer;
  template: ChatTemplate;
  decoder: Decoder;
}

/** Generates text with one model. */
export function createEngine(parts: EngineParts): Engine {
  const { info, tokenizer, decoder } = parts;
  return {
    info,
    async *generate(request, { signal }): AsyncGenerator<GenerationEvent> {
      const prompt = encodePrompt(request, parts);
      const room = info.context - prompt.length;
      const maxTokens = Math.min(request.maxTokens ?? room, room);
      const bursts = decoder.decode({
        prompt,
        sampling: request.sampling,
        maxTokens,
        endTokens: tokenizer.endTokens,
        draft: request.draft,
      }, { signal });

      const detokenizer = new Detokenizer(tokenizer);
      const stops = new StopStrings(request.stop);
      const timings = startTimings(prompt.length);
      let finish: "stop" | "length" = "length";
      reading:
      for await (const burst of bursts) {
        count(burst, timings);
        let text = "";
        for (const token of burst.tokens) {
          timings.predicted_n++;
          const piece = stops.push(detokenizer.push([token]));
          text += piece.text;
          if (piece.stopped) {
            finish = "stop";
            if (text) yield { type: "text", text };
            break reading;
          }
        }
        if (text) yield { type: "text", text };
        if (burst.finish) {
          finish = burst.finish;
          const rest = stops.push(detokenizer.flush());
          const last = rest.stopped ? rest : stops.flush();
          if (rest.stopped || last.stopped) finish = "stop";
          const end = rest.stopped ? rest.text : rest.text + last.text;
          if (end) yield { type: "text", text: end };
        }
      }
      timings.predicted_per_second = timings.predicted_ms > 0
        ? timings.predicted_n / timings.predicted_ms * 1000
        : 0;
      yield {
        type: "end",
        finishReason: finish,
        usage: {
          promptTokens: prompt.length,
          completionTokens: timings.predicted_n,
          cachedTokens: timings.cache_n,
        },
        timings,
      };
    },
  };
}

function encodePrompt(
  { prompt }: GenerationRequest,
  { info, tokenizer, template }: EngineParts,
): Int32Array {
  const ids = "text" in prompt
    ? tokenizer.encodePrompt(prompt.text)
    : encodeChat(prompt.messages, template);
  if (ids.length === 0) {
    throw new ApiError(
      400,
      "Cannot complete the prompt: at least one token is required: received none",
      { param: "prompt" },
    );
  }
  if (ids.length >= info.context) {
    throw new ApiError(
      400,
      `Cannot read the prompt: it must be shorter than ${info.context} tokens: received ${ids.length}`,
      {
        param: "text" in prompt ? "prompt" : "messages",
        code: "context_length_exceeded",
      },
    );
  }
  return ids;
}

function encodeChat(
  messages: Parameters<ChatTemplate["encode"]>[0],
  template: ChatTemplate,
): Int32Array {
  try {
    return template.encode(messages);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ApiError(400, error.message, { param: "messages" });
  }
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

/** Adds a burst to the timings; the first burst is the end of the prefill. */
function count(burst: TimedBurst, timings: Timings): void {
  if (burst.rows === 0) {
    timings.prompt_ms += burst.ms;
    return;
  }
  timings.predicted_ms += burst.ms;
  timings.passes++;
  timings.rows += burst.rows;
  timings.draft_n += burst.drafted;
  timings.draft_n_accepted += burst.accepted;
}
