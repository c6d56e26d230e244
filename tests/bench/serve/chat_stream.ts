/**
 * A client that streams a chat with plain `fetch`, as a web page does.
 *
 * @module
 */

import type { Timings } from "../../../lib/engine/output_counter.ts";

/** A streamed answer. */
export interface StreamedChat {
  text: string;
  /** When each piece of the text came. */
  times: number[];
  /** The timings that the server reports. */
  timings: Timings;
}

/** The parts of a chunk that are read here. */
interface Chunk {
  choices?: { delta: { content?: string } }[];
  timings?: Timings;
  error?: { message: string };
}

/**
 * Requests a streamed answer and reads it to its end; `now` returns milliseconds.
 *
 * @throws {Error} if the server answers with an error.
 */
export async function streamChat(
  origin: string,
  body: Record<string, unknown>,
  { now }: { now: () => number },
): Promise<StreamedChat> {
  const response = await fetch(`${origin}/v1/chat/completions`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...body, stream: true }),
  });
  if (!response.ok) throw new Error(await response.text());
  let text = "";
  const times: number[] = [];
  let timings: Timings | undefined;
  for await (const data of eventData(response.body!)) {
    if (data === "[DONE]") continue;
    const chunk: Chunk = JSON.parse(data);
    if (chunk.error) throw new Error(chunk.error.message);
    timings = chunk.timings ?? timings;
    const piece = chunk.choices?.[0]?.delta.content;
    if (!piece) continue;
    text += piece;
    times.push(now());
  }
  if (timings) return { text, times, timings };
  throw new Error(
    "Cannot read the answer: a chunk with timings is required: received none",
  );
}

/** Yields the data of server-sent events of one line each. */
async function* eventData(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string> {
  let held = "";
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const events = (held + text).split("\n\n");
    held = events.pop()!;
    for (const event of events) {
      if (event.startsWith("data: ")) yield event.slice("data: ".length);
    }
  }
}
