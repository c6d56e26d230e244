/**
 * The questions of `POST /v1/decisions`, and how a model is asked them.
 *
 * @module
 */

import { z } from "zod";
import type { Question } from "../../engine/decide/encode_questions.ts";
import { instructions } from "./input.ts";

const NAME = "must be a string of at most 256 characters";
const LABEL = "must be a string of 1 to 1024 characters";
const VALUE = "must be true, false or a string of 1 to 1024 characters";
const DESCRIPTION = "must be a string";
const OPTION = "must be an object with a value";
const LEVEL = "must be an object with a label";
const CHOICES = "must be an array of 2 to 255 choices";
const LEVELS = "must be an array of 2 to 255 levels";
const DIFFERENT = "must differ from each other";
const TYPE = 'must be an object with the type "predicate", "choice" or "score"';
const QUESTIONS = "must be an array of 1 to 400 questions";

const common = {
  name: z.string(NAME).max(256, NAME).nullish(),
  instructions,
};
const label = z.string(LABEL).min(1, LABEL).max(1024, LABEL);
const description = z.string(DESCRIPTION).nullish();

const choice = z.object({
  value: z.union([label, z.boolean()], VALUE),
  description,
}, OPTION);

const level = z.object({ label, description }, LEVEL);

const question = z.discriminatedUnion("type", [
  z.object({ ...common, type: z.literal("predicate") }),
  z.object({
    ...common,
    type: z.literal("choice"),
    choices: z.array(choice, CHOICES).min(2, CHOICES).max(255, CHOICES)
      .refine((all) => differ(all.map(({ value }) => value)), DIFFERENT),
  }),
  z.object({
    ...common,
    type: z.literal("score"),
    levels: z.array(level, LEVELS).min(2, LEVELS).max(255, LEVELS)
      .refine((all) => differ(all.map(({ label }) => label)), DIFFERENT),
  }),
], TYPE);

/** The `questions` of a request. */
export const questions = z.array(question, QUESTIONS)
  .min(1, QUESTIONS).max(400, QUESTIONS);

/** A question, once read. */
export type AskedQuestion = z.infer<typeof question>;

/** Writes a question as the model reads it, with the answers that are compared. */
export function toQuestion(asked: AskedQuestion): Question {
  const { instructions } = asked;
  switch (asked.type) {
    case "predicate":
      return ask(instructions, "Answer with Yes or No.", ["Yes", "No"]);
    case "choice":
      return list(
        instructions,
        "Answer with one of these:",
        asked.choices.map(({ value, description }) => ({
          label: String(value),
          description,
        })),
      );
    case "score":
      return list(
        instructions,
        "Answer with one of these levels, from the lowest to the highest:",
        asked.levels,
      );
  }
}

function list(
  instructions: string,
  order: string,
  options: { label: string; description?: string | null | undefined }[],
): Question {
  const lines = options.map(({ label, description }) =>
    description ? `- ${label}: ${description}` : `- ${label}`
  );
  return ask(
    instructions,
    [order, ...lines].join("\n"),
    options.map(({ label }) => label),
  );
}

function ask(
  instructions: string,
  order: string,
  answers: string[],
): Question {
  return { text: `${instructions}\n\n${order}`, answers };
}

/** A string and a boolean of the same text are different values. */
function differ(values: (string | boolean)[]): boolean {
  return new Set(values).size === values.length;
}
