/**
 * A conversation with a model through the API: what was said, and the next answer as it
 * comes.
 *
 * @module
 */

import { EventSourceParserStream } from "eventsource-parser/stream";
import type { Timings } from "../../lib/engine/output_counter.ts";

/** What answers requests: a server, or the service in this process. */
export type Fetch = (request: Request) => Promise<Response>;

/** How to reach a model, and what each request says of it. */
export interface ConversationOptions {
  fetch: Fetch;
  /** Such as `"http://127.0.0.1:8000"`. */
  origin: string;
  apiKey?: string;
  /** Parameters of each request, `model` among them. */
  parameters: Record<string, unknown>;
  system?: string;
}

interface Message {
  role: "system" | "user" | "assistant";
  content: string;
}

/** The parts of a chunk that are read here. */
interface Chunk {
  choices?: { delta?: { content?: string | null } }[];
  timings?: Timings;
  error?: { message: string };
}

/** A conversation. */
export class Conversation {
  readonly #options: ConversationOptions;
  #messages: Message[] = [];

  constructor(options: ConversationOptions) {
    this.#options = options;
    this.restart();
  }

  /** Forgets all that was said but the system prompt. */
  restart(): void {
    const { system } = this.#options;
    this.#messages = system ? [{ role: "system", content: system }] : [];
  }

  /**
   * Asks, and yields the answer in pieces; returns how it went, if the server reports it.
   * An answer that the signal ends is kept as far as it came; after an error, the
   * question is forgotten.
   *
   * @throws {Error} with the server's message if it answers with an error.
   */
  async *ask(
    question: string,
    signal: AbortSignal,
  ): AsyncGenerator<string, Timings | undefined> {
    const asked: Message[] = [
      ...this.#messages,
      { role: "user", content: question },
    ];
    let answer = "";
    let timings: Timings | undefined;
    try {
      for await (const chunk of this.#chunks(asked, signal)) {
        if (chunk.error) throw new Error(chunk.error.message);
        timings = chunk.timings ?? timings;
        const piece = chunk.choices?.[0]?.delta?.content;
        if (!piece) continue;
        answer += piece;
        yield piece;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    this.#messages = [...asked, { role: "assistant", content: answer }];
    return timings;
  }

  async *#chunks(
    messages: Message[],
    signal: AbortSignal,
  ): AsyncGenerator<Chunk> {
    const { fetch, origin, apiKey, parameters } = this.#options;
    const response = await fetch(
      new Request(`${origin}/v1/chat/completions`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(apiKey && { authorization: `Bearer ${apiKey}` }),
        },
        body: JSON.stringify({ ...parameters, messages, stream: true }),
        signal,
      }),
    );
    if (!response.ok) throw await refusalOf(response);
    const events = response.body!
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream());
    for await (const { data } of events) {
      if (signal.aborted) return;
      if (data !== "[DONE]") yield JSON.parse(data);
    }
  }
}

/** Reads the error of a reply: the message of the server, if it sent one. */
export async function refusalOf(response: Response): Promise<Error> {
  const text = await response.text();
  try {
    return new Error(JSON.parse(text).error.message);
  } catch {
    return new Error(
      `Cannot chat: the server must answer: received ${response.status}`,
    );
  }
}
