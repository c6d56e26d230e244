/**
 * An operation of the API, in the terms of this server.
 *
 * @module
 */

import type { z } from "zod";

/** Errors of what reads a body and opens a model. */
export const MODEL_ERRORS = [404, 413, 415, 500, 503];

/** A method of a resource, what it takes and what it answers. */
export interface Operation {
  method: "get" | "post" | "delete";
  /** As clients call it, with parameters in braces. */
  path: string;
  /** What it does, in one sentence without a full stop. */
  summary: string;
  /** The part of the API that it belongs to. */
  tag: string;
  /** The keys that open it: a caller's, the operator's or none. */
  key: "caller" | "operator" | "none";
  /** The JSON body that it takes. */
  body?: Named;
  /** Parameters in its path and its query. */
  parameters?: Parameter[];
  /** What it answers if all goes well: JSON, or text of a media type. */
  answer: Named | { mediaType: string };
  /** The events of the answer to a request with `stream`. */
  events?: Named;
  /** Whether each event is a line of JSON. @default server-sent events */
  lines?: boolean;
  /** Other statuses with JSON that is no error. */
  also?: Record<number, Named>;
  /** The body of its errors. @default OpenAI's */
  failure?: Named;
  /** Statuses of its errors, besides those that all have. */
  errors: number[];
}

/** A schema, and its name in the document. */
export interface Named {
  name: string;
  schema: z.ZodType;
}

/** A parameter in a path or a query. */
export interface Parameter {
  name: string;
  in: "path" | "query";
  description: string;
  /** A regular expression that its values fit. */
  pattern?: string;
}
