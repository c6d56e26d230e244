/**
 * From the text of a body to a checked value. Broken JSON and wrong values end in
 * the same error, and the first mistake is the one that is told.
 *
 * @module
 */

import type { z } from "zod";
import { badRequest } from "./bad_request.ts";

/**
 * Reads a JSON body that must fit `schema`, whose messages are requirements.
 *
 * @throws {ApiError} 400 that names the first parameter at fault.
 */
export function readBody<T>(schema: z.ZodType<T>, text: string): T {
  const result = schema.safeParse(parseJson(text), { reportInput: true });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw badRequest(toParam(issue.path), {
    must: issue.message,
    received: receivedAt(issue),
  });
}

/** Returns the value at the path of an issue. */
function receivedAt(issue: z.core.$ZodIssue): unknown {
  const { input } = issue;
  // Where no kind of a union has the type, this is the object around it.
  return issue.code === "invalid_union" && issue.discriminator !== undefined
    ? (input as Record<string, unknown>)[issue.discriminator]
    : input;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest("", { must: "must be valid JSON", received: text });
  }
}

/** Writes a path as OpenAI does: `["messages", 0, "role"]` → `messages[0].role`. */
function toParam(path: readonly PropertyKey[]): string {
  return path.reduce<string>((param, key) => {
    if (typeof key === "number") return `${param}[${key}]`;
    return param === "" ? String(key) : `${param}.${String(key)}`;
  }, "");
}
