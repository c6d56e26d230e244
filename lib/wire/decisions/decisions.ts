/**
 * OpenAI's decisions: typed questions about one input, and probabilities for answers.
 *
 * @module
 */

import { z } from "zod";
import type { Decision } from "openai/resources/decisions";
import type { Decided } from "../../engine/decide/decider.ts";
import type { Questions } from "../../engine/decide/encode_questions.ts";
import { isObject, unsupported } from "../fields.ts";
import { readBody } from "../read_body.ts";
import { toMessages } from "../responses/conversation.ts";
import { input } from "./input.ts";
import { type AskedQuestion, questions, toQuestion } from "./questions.ts";

const SALT = "must be a string of at most 256 characters";

/** The body of a request. */
export const decisionBody = z.object({
  model: z.string("must be the name of a model").nullish(),
  input,
  questions,
  prompt_cache_key: z.string(SALT).max(256, SALT).nullish(),
  prompt_cache_options: z.custom<object>(isObject, "must be an object")
    .meta({ type: "object" }).nullish(),
  safety_identifier: z.string("must be a string").nullish(),
  stream: unsupported(false),
}, "must be a JSON object");

/** A request for decisions. */
export interface DecisionsRequest extends Questions {
  /** Name of the model; empty if there is none. */
  model: string;
  asked: AskedQuestion[];
  /** Separates the cached prompts of one caller, as in chats. */
  salt: string;
}

type Answer = Decision["answers"][number];

/**
 * Reads the JSON text of a request.
 *
 * @throws {ApiError} 400 that names the parameter at fault.
 */
export function parseDecisions(json: string): DecisionsRequest {
  const body = readBody(decisionBody, json);
  return {
    model: body.model ?? "",
    messages: toMessages(body.input, (index) => `input[${index}]`),
    questions: body.questions.map(toQuestion),
    asked: body.questions,
    salt: JSON.stringify([body.prompt_cache_key ?? "", ""]),
  };
}

/** Writes the answers, in the order of the questions. */
export function toDecision(
  { probabilities, counts }: Decided,
  { asked }: DecisionsRequest,
  model: string,
): Decision {
  const { promptTokens, cachedTokens } = counts.usage;
  return {
    model,
    answers: asked.map((question, at) => toAnswer(question, probabilities[at])),
    usage: {
      input_tokens: promptTokens,
      input_tokens_details: {
        cached_tokens: cachedTokens,
        cache_write_tokens: 0,
      },
      output_tokens: 0,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: promptTokens,
    },
  };
}

function toAnswer(question: AskedQuestion, shares: number[]): Answer {
  const name = question.name ?? null;
  const confidence = toConfidence(shares);
  switch (question.type) {
    case "predicate":
      return { type: question.type, name, probability: shares[0] };
    case "choice": {
      const probabilities = question.choices.map(({ value }, at) => ({
        value,
        probability: shares[at],
      }));
      const choice = probabilities[shares.indexOf(Math.max(...shares))].value;
      return { type: question.type, name, choice, confidence, probabilities };
    }
    case "score": {
      const probabilities = question.levels.map(({ label }, value) => ({
        label,
        value,
        probability: shares[value],
      }));
      const score = probabilities.reduce(
        (sum, { value, probability }) => sum + value * probability,
        0,
      );
      return { type: question.type, name, score, confidence, probabilities };
    }
  }
}

/** Returns how far the best answer is above chance: 0 if all are alike, 1 if sure. */
function toConfidence(shares: number[]): number {
  const best = Math.max(...shares);
  return Math.max(0, (shares.length * best - 1) / (shares.length - 1));
}
