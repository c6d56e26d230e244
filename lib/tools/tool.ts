/**
 * Tools: functions that a model may ask its client to call. Types only, so that every
 * room may import them.
 *
 * @module
 */

/** A function that the model may call. */
export interface Tool {
  name: string;
  description?: string;
  /** JSON schema of its arguments, an object; without it, there are none. */
  parameters?: Record<string, unknown>;
  /** Whether a keyword that can't be enforced is an error. */
  strict?: boolean;
}

/** A call that the model has made. */
export interface ToolCall {
  id: string;
  name: string;
  /** The arguments as JSON text, as the model wrote them. */
  arguments: string;
}

/** The tools of a request, and how the answer may use them. */
export interface ToolUse {
  /** All tools, as the prompt describes them. */
  tools: Tool[];
  /** Names of the tools that the answer may call. */
  callable: string[];
  /** Whether the answer must be a call. */
  required: boolean;
  /** Whether the answer may have more than one call. */
  parallel: boolean;
}

/** A part of an answer that has become certain. */
export type ToolPart = { type: "text"; text: string } | CallBegin | CallMore;

/** A call begins; its arguments follow. */
export interface CallBegin {
  type: "call";
  name: string;
}

/** More of the JSON text of the last call's arguments. */
export interface CallMore {
  type: "arguments";
  text: string;
}

/** A part of a call, with the number of the call in its answer, from 0. */
export type CallPart = (CallBegin | CallMore) & { index: number };
