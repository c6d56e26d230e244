/**
 * The output of a response, item by item: a message for text, and an item for each call.
 * An item ends where the next begins, so the items are in the order of the answer.
 *
 * @module
 */

import type {
  ResponseOutputText,
  ResponseStreamEvent,
} from "openai/resources/responses/responses";
import type { ScoredToken } from "../../engine/generation.ts";
import type { CallPart } from "../../tools/tool.ts";
import { toChatLogprobs } from "../openai/logprobs.ts";
import { toCallId } from "../openai/tools/tool_reply.ts";
import type { OutputItem, ResponseObject } from "./response_object.ts";

/** An event that has no number yet. */
export type Unnumbered = WithoutNumber<ResponseStreamEvent>;

type WithoutNumber<Event> = Event extends { response: unknown }
  ? Omit<Event, "sequence_number" | "response"> & { response: ResponseObject }
  : Event extends unknown ? Omit<Event, "sequence_number">
  : never;

/** How an item ended. */
type Status = "completed" | "incomplete";

/** The output of one response. */
export class OutputItems {
  readonly #replyId: string;
  readonly #done: OutputItem[] = [];
  #open: OutputItem | undefined;
  #calls = 0;

  /** @param replyId id of the response, such as `"resp_1"`. */
  constructor(replyId: string) {
    this.#replyId = replyId;
  }

  /** What there is so far, the open item included. */
  get items(): OutputItem[] {
    return this.#open ? [...this.#done, this.#open] : [...this.#done];
  }

  /** Adds text, and yields what a stream sends of it. */
  *addText(
    delta: string,
    tokens: readonly ScoredToken[] | undefined,
  ): Generator<Unnumbered> {
    if (this.#open?.type !== "message") yield* this.#openMessage();
    const item = this.#open as Extract<OutputItem, { type: "message" }>;
    const part = item.content[0] as ResponseOutputText;
    const logprobs = toLogprobs(tokens);
    this.#open = {
      ...item,
      content: [{
        ...part,
        text: part.text + delta,
        logprobs: [...part.logprobs ?? [], ...logprobs],
      }],
    };
    const type = "response.output_text.delta";
    yield { type, ...this.#place, content_index: 0, delta, logprobs };
  }

  /** Adds a part of a call, and yields what a stream sends of it. */
  *addCall(part: CallPart): Generator<Unnumbered> {
    if (part.type === "call") {
      yield* this.close("completed");
      yield* this.#begin({
        id: this.#itemId("fc"),
        type: "function_call",
        status: "in_progress",
        call_id: toCallId(this.#replyId, this.#calls++),
        name: part.name,
        arguments: "",
      });
      return;
    }
    const item = this.#open as Extract<OutputItem, { type: "function_call" }>;
    const { text: delta } = part;
    this.#open = { ...item, arguments: item.arguments + delta };
    const type = "response.function_call_arguments.delta";
    yield { type, ...this.#place, delta };
  }

  /** Closes the output; it has a message at least, if an empty one. */
  *finish(status: Status): Generator<Unnumbered> {
    if (this.items.length === 0) yield* this.#openMessage();
    yield* this.close(status);
  }

  /** Closes the open item, if there is one. */
  *close(status: Status): Generator<Unnumbered> {
    const item = this.#open;
    if (!item) return;
    const place = this.#place;
    if (item.type === "message") {
      const part = item.content[0] as ResponseOutputText;
      const { text, logprobs = [] } = part;
      const at = { ...place, content_index: 0 };
      yield { type: "response.output_text.done", ...at, text, logprobs };
      yield { type: "response.content_part.done", ...at, part };
    } else {
      const type = "response.function_call_arguments.done";
      const { name, arguments: json } = item;
      const done = { type, ...place, name, arguments: json } as const;
      yield done; // the type of npm's client has no name, Python's requires it
    }
    const closed: OutputItem = { ...item, status };
    this.#open = undefined;
    this.#done.push(closed);
    const { output_index } = place;
    yield { type: "response.output_item.done", output_index, item: closed };
  }

  *#openMessage(): Generator<Unnumbered> {
    yield* this.close("completed");
    const part: ResponseOutputText = {
      type: "output_text",
      text: "",
      annotations: [],
      logprobs: [],
    };
    yield* this.#begin({
      id: this.#itemId("msg"),
      type: "message",
      status: "in_progress",
      role: "assistant",
      content: [part],
    });
    const type = "response.content_part.added";
    yield { type, ...this.#place, content_index: 0, part };
  }

  *#begin(item: OutputItem): Generator<Unnumbered> {
    this.#open = item;
    const { output_index } = this.#place;
    const added = item.type === "message" ? { ...item, content: [] } : item;
    yield { type: "response.output_item.added", output_index, item: added };
  }

  /** Where events of the open item belong. */
  get #place(): { item_id: string; output_index: number } {
    return { item_id: this.#open!.id, output_index: this.#done.length };
  }

  #itemId(prefix: string): string {
    const rest = this.#replyId.replace(/^resp_/, "");
    return `${prefix}_${rest}_${this.#done.length}`;
  }
}

/** Returns the response that an item is of, and its number there, by the item's id. */
export function readItemId(
  id: string,
): { responseId: string; index: number } | undefined {
  const [, rest, index] = /^(?:msg|fc)_(.+)_(\d{1,4})$/.exec(id) ?? [];
  if (rest === undefined) return undefined;
  return { responseId: `resp_${rest}`, index: Number(index) };
}

function toLogprobs(
  tokens: readonly ScoredToken[] | undefined,
): NonNullable<ResponseOutputText["logprobs"]> {
  const scored = toChatLogprobs(tokens)?.content ?? [];
  return scored.map(({ token, logprob, bytes, top_logprobs }) => ({
    token,
    logprob,
    bytes: bytes ?? [],
    top_logprobs: top_logprobs.map((top) => ({
      ...top,
      bytes: top.bytes ?? [],
    })),
  }));
}
