/**
 * The whole conversation of a request: what came before, by the id of a response or of
 * items, and what the request adds.
 *
 * @module
 */

import { ApiError } from "../../engine/errors.ts";
import type { ChatMessage } from "../../engine/generation.ts";
import { badRequest } from "../bad_request.ts";
import { toMessages } from "./conversation.ts";
import { type Item, items } from "./input_items.ts";
import { readItemId } from "./output_items.ts";
import type { ResponseObject } from "./response_object.ts";
import type { ResponseBody } from "./response_request.ts";

/** A response that is kept, and the conversation that it ends. */
export interface StoredResponse {
  response: ResponseObject;
  items: Item[];
}

/** A conversation up to the answer. */
export interface Conversation {
  items: Item[];
  messages: ChatMessage[];
}

/**
 * Puts the conversation of a request together.
 *
 * @param find looks up a response by its id.
 * @throws {ApiError} 400 if something that is named is not kept, or if calls and outputs
 * do not belong together.
 */
export async function readConversation(
  { input, instructions, previous_response_id: previous }: ResponseBody,
  find: (id: string) => Promise<StoredResponse | undefined>,
): Promise<Conversation> {
  const before = previous ? (await find(previous))?.items : [];
  if (!before) {
    throw new ApiError(
      400,
      `Cannot read the request: previous_response_id must be the id of a response that is stored here: received ${previous}`,
      { code: "previous_response_not_found", param: "previous_response_id" },
    );
  }
  const added = await Promise.all(
    (input ?? []).map((item, i) =>
      item.type === "item_reference" ? readReference(item.id, i, find) : item
    ),
  );
  const conversation = [...before, ...added];
  const messages = toMessages(
    conversation,
    (index) =>
      index < before.length
        ? "previous_response_id"
        : `input[${index - before.length}]`,
  );
  if (messages.length === 0 && !instructions) {
    throw badRequest("input", {
      must: "must be a string or an array of at least one item",
      received: input ?? undefined,
    });
  }
  return { items: conversation, messages };
}

/** Returns the conversation that a response ends. */
export function withOutput(
  conversation: readonly Item[],
  { output }: ResponseObject,
): Item[] {
  return [...conversation, ...items.parse(output)];
}

async function readReference(
  id: string,
  at: number,
  find: (id: string) => Promise<StoredResponse | undefined>,
): Promise<Item> {
  const place = readItemId(id);
  const found = place && await find(place.responseId);
  const item = found?.response.output[place!.index];
  if (item?.id === id) return items.parse([item])[0];
  throw badRequest(`input[${at}].id`, {
    must: "must be the id of an item that is stored here",
    received: id,
  });
}
