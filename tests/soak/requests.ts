/**
 * The requests of a soak: short and long prompts, tools, JSON, random draws, several
 * answers. Each has one right answer, however it is drafted, cached or streamed.
 *
 * @module
 */

import { uniform } from "../../lib/bita/choose/random.ts";

/** A request: where it goes, and its body without what varies from time to time. */
export interface SoakRequest {
  path: "/v1/chat/completions" | "/v1/completions";
  body: Record<string, unknown>;
}

const WORDS =
  ("the river an old stone and some light of open water in a town " +
    "where nobody counts 1, 2, 3 hours").split(" ");

const FORECAST = {
  type: "function",
  function: {
    name: "forecast",
    parameters: {
      type: "object",
      properties: {
        town: { type: "string", maxLength: 8 },
        days: { type: "integer", minimum: 1, maximum: 9 },
      },
      required: ["town", "days"],
    },
  },
};

const SCHEMA = {
  type: "object",
  properties: { rain: { type: "boolean" }, wind: { enum: ["low", "high"] } },
  required: ["rain", "wind"],
};

/** Returns some words, the same ones for the same seed. */
function words(count: number, seed: number): string {
  return Array.from(
    { length: count },
    (_, i) => WORDS[Math.floor(uniform(seed, i) * WORDS.length)],
  ).join(" ");
}

/** Returns the requests of a soak, six of each kind. */
export function soakRequests(model: string): SoakRequest[] {
  return Array.from({ length: 6 }, (_, seed) => kinds(model, seed)).flat();
}

function kinds(model: string, seed: number): SoakRequest[] {
  const chat = (content: string, fields: object): SoakRequest => ({
    path: "/v1/chat/completions",
    body: {
      model,
      temperature: 0,
      max_tokens: 24,
      messages: [
        { role: "system", content: words(40, 100) },
        { role: "user", content },
      ],
      ...fields,
    },
  });
  const text = (prompt: string, fields: object): SoakRequest => ({
    path: "/v1/completions",
    body: { model, prompt, temperature: 0, max_tokens: 24, ...fields },
  });
  return [
    chat(words(8, seed), { logprobs: true, top_logprobs: 2 }),
    chat(words(30, 10 + seed), { temperature: 0.9, top_p: 0.9, seed }),
    chat(words(12, 20 + seed), { tools: [FORECAST], tool_choice: "required" }),
    chat(words(12, 30 + seed), {
      response_format: {
        type: "json_schema",
        json_schema: { name: "weather", strict: true, schema: SCHEMA },
      },
    }),
    text(words(200 + 60 * seed, 40 + seed), { max_tokens: 40 }),
    text(words(20, 50 + seed), { temperature: 1, seed, n: 2, stop: [" the"] }),
    text(words(16, 60 + seed), { repetition_penalty: 1.2, max_tokens: 64 }),
  ];
}
