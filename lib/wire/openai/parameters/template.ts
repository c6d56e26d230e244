/**
 * The parameters that decide how a chat's template makes a prompt of it, by vLLM's names.
 *
 * @module
 */

import { z } from "zod";
import type { ChatPrompt } from "../../../engine/generation.ts";
import { badRequest } from "../../bad_request.ts";
import { flag, isObject } from "../../fields.ts";

type Variables = NonNullable<ChatPrompt["variables"]>;

/** The most variables of a template. */
const MOST = 32;

const VARIABLES =
  `must be an object of at most ${MOST} names with words, numbers, true, false or null`;

/** Names that the prompt itself gives values to. */
const OWN = new Set([
  "messages",
  "tools",
  "documents",
  "add_generation_prompt",
  "bos_token",
  "eos_token",
]);

/** A name, or a text that cannot be a control token. */
const WORD = /^[A-Za-z_][\w-]{0,63}$/;

/** The shape of the parameters. */
export const templateFields = {
  chat_template_kwargs: z.custom<Variables>(isVariables, VARIABLES).nullish(),
  add_generation_prompt: flag(),
  continue_final_message: flag(),
};

/**
 * Returns the prompt of a chat.
 *
 * @throws {ApiError} 400 if the parameters contradict each other, or the messages.
 */
export function toChatPrompt(
  messages: ChatPrompt["messages"],
  body: z.infer<z.ZodObject<typeof templateFields>>,
): ChatPrompt {
  const variables = body.chat_template_kwargs;
  return {
    messages,
    ...variables && Object.keys(variables).length > 0 && { variables },
    ...body.add_generation_prompt === false && { ending: "message" },
    ...body.continue_final_message && { ending: continued(messages, body) },
  };
}

/** Returns whether the last message is an assistant's text, which can go on. */
export function canContinue(messages: ChatPrompt["messages"]): boolean {
  const last = messages.at(-1);
  return last?.role === "assistant" && last.content !== "" && !last.toolCalls;
}

function continued(
  messages: ChatPrompt["messages"],
  body: z.infer<z.ZodObject<typeof templateFields>>,
): "text" {
  if (body.add_generation_prompt) {
    throw badRequest("continue_final_message", {
      must: "must be absent or false where add_generation_prompt is true",
      received: true,
    });
  }
  if (!canContinue(messages)) {
    throw badRequest("continue_final_message", {
      must:
        "must be absent or false unless the last message is an assistant's text",
      received: true,
    });
  }
  return "text";
}

function isVariables(value: unknown): value is Variables {
  if (!isObject(value)) return false;
  const entries = Object.entries(value);
  return entries.length <= MOST &&
    entries.every(([name, item]) =>
      WORD.test(name) && !OWN.has(name) &&
      (item === null || typeof item === "boolean" || typeof item === "number" ||
        typeof item === "string" && WORD.test(item))
    );
}
