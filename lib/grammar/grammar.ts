/**
 * What an answer must look like, as a request says it: types only, so that every room
 * may import them.
 *
 * @module
 */

/** A rule that an answer follows from its first token to its last. */
export type Grammar =
  /** Any JSON object that is not empty. */
  | { type: "json_object" }
  /** JSON that a schema accepts. */
  | { type: "json_schema"; schema: unknown }
  /** One of some texts. */
  | { type: "choice"; choices: string[] }
  /** A text that a regular expression matches from end to end. */
  | { type: "regex"; regex: string }
  /** A text of a grammar in llguidance's Lark, which can embed `%json { … }`. */
  | { type: "lark"; grammar: string };
