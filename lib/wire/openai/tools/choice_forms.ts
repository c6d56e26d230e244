/**
 * The forms of `tool_choice` as JSON schemas. What it may say depends on the tools of the
 * request, so that no schema reads it, and its forms are only for the document.
 *
 * @module
 */

/** A function by its name. */
const NAMED = {
  type: "object",
  properties: {
    type: { const: "function" },
    function: {
      type: "object",
      properties: { name: { type: "string" } },
      required: ["name"],
    },
  },
  required: ["type", "function"],
};

/** The forms: a word, a function, or some of the functions. */
export const CHOICE_FORMS = [
  { enum: [null, "none", "auto", "required"] },
  NAMED,
  {
    type: "object",
    properties: {
      type: { const: "allowed_tools" },
      allowed_tools: {
        type: "object",
        properties: {
          mode: { enum: ["auto", "required"] },
          tools: { type: "array", minItems: 1, items: NAMED },
        },
        required: ["mode", "tools"],
      },
    },
    required: ["type", "allowed_tools"],
  },
];
