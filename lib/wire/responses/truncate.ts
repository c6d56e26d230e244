/**
 * Cuts the beginning of a conversation that is too long for the model, as
 * `truncation: "auto"` asks for.
 *
 * @module
 */

import type { ChatMessage } from "../../engine/generation.ts";

/**
 * Returns the longest end of a conversation that fits, with all system messages. It begins
 * with a message of the user's, so no call loses its output. If even the shortest end does
 * not fit, it is returned all the same.
 *
 * @param fits returns whether messages leave room for an answer.
 */
export async function truncate(
  messages: readonly ChatMessage[],
  fits: (messages: ChatMessage[]) => Promise<boolean>,
): Promise<ChatMessage[]> {
  const from = (start: number) =>
    messages.filter(({ role }, i) => role === "system" || i >= start);
  const starts = messages.flatMap(({ role }, i) => role === "user" ? [i] : []);
  if (starts.length === 0 || await fits([...messages])) return [...messages];
  // The first start that fits is above `low` and at most `high`.
  let low = 0, high = starts.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (await fits(from(starts[middle]))) high = middle;
    else low = middle;
  }
  return from(starts[high]);
}
