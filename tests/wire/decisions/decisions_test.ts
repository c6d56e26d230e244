import { assertAlmostEquals, assertEquals } from "@std/assert";
import type {
  Decision,
  DecisionCreateParams,
} from "openai/resources/decisions";
import {
  parseDecisions,
  toDecision,
} from "../../../lib/wire/decisions/decisions.ts";

import { emptyOutput } from "../../../lib/bita/decode/output.ts";
import { OutputCounter } from "../../../lib/engine/output_counter.ts";

/** A request as the client's types have it, with every kind of question. */
const REQUEST = {
  model: "toy",
  input: [
    { role: "developer", content: "Be strict." },
    { type: "message", role: "user", content: "Twice " },
    {
      type: "custom_tool_call",
      call_id: "1",
      name: "look",
      input: "bill",
    },
    {
      type: "custom_tool_call_output",
      call_id: "1",
      output: [{ type: "input_text", text: "two" }],
    },
    {
      role: "user",
      content: [
        { type: "input_text", text: "I paid twice." },
        { type: "input_json", data: { amount: 3 } },
      ],
    },
  ],
  questions: [
    { type: "predicate", name: "paid", instructions: "Was it paid?" },
    {
      type: "choice",
      instructions: [{ type: "input_text", text: "Which team?" }],
      choices: [{ value: "billing", description: "money" }, { value: true }],
    },
    {
      type: "score",
      instructions: "How urgent?",
      levels: [{ label: "low" }, { label: "mid" }, { label: "high" }],
    },
  ],
  prompt_cache_key: "key",
} satisfies DecisionCreateParams;

const request = parseDecisions(JSON.stringify(REQUEST));

Deno.test("parseDecisions() makes a chat of the input", () => {
  assertEquals(request.model, "toy");
  assertEquals(request.salt, '["key",""]');
  assertEquals(request.messages, [
    { role: "system", content: "Be strict." },
    { role: "user", content: "Twice " },
    {
      role: "assistant",
      content: "",
      toolCalls: [{ id: "1", name: "look", arguments: '{"input":"bill"}' }],
    },
    { role: "tool", toolCallId: "1", content: "two" },
    { role: "user", content: 'I paid twice.\n{"amount":3}' },
  ]);
});

Deno.test("parseDecisions() writes the questions with their answers", () => {
  assertEquals(request.questions, [
    {
      text: "Was it paid?\n\nAnswer with Yes or No.",
      answers: ["Yes", "No"],
    },
    {
      text: "Which team?\n\nAnswer with one of these:\n" +
        "- billing: money\n- true",
      answers: ["billing", "true"],
    },
    {
      text: "How urgent?\n\nAnswer with one of these levels, " +
        "from the lowest to the highest:\n- low\n- mid\n- high",
      answers: ["low", "mid", "high"],
    },
  ]);
});

Deno.test("toDecision() writes the answers as the client's types have them", () => {
  const counter = new OutputCounter({ prompt: { length: 90 } });
  counter.add({ ...emptyOutput(), cached: 32, ms: 1 }, 0);
  const decision: Decision = toDecision(
    {
      probabilities: [[0.25, 0.75], [0.4, 0.6], [0.5, 0.25, 0.25]],
      counts: counter.counts,
    },
    request,
    "toy",
  );
  const { answers: [predicate, choice, score], ...rest } = decision;
  assertEquals(predicate, {
    type: "predicate",
    name: "paid",
    probability: 0.25,
  });
  if (choice.type !== "choice" || score.type !== "score") throw choice;
  assertAlmostEquals(choice.confidence, 0.2, 1e-12);
  assertEquals({ ...choice, confidence: 0 }, {
    type: "choice",
    name: null,
    choice: true,
    confidence: 0,
    probabilities: [
      { value: "billing", probability: 0.4 },
      { value: true, probability: 0.6 },
    ],
  });
  assertEquals(score, {
    type: "score",
    name: null,
    score: 0.75,
    confidence: 0.25,
    probabilities: [
      { label: "low", value: 0, probability: 0.5 },
      { label: "mid", value: 1, probability: 0.25 },
      { label: "high", value: 2, probability: 0.25 },
    ],
  });
  assertEquals(rest, {
    model: "toy",
    usage: {
      input_tokens: 90,
      input_tokens_details: { cached_tokens: 32, cache_write_tokens: 0 },
      output_tokens: 0,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 90,
    },
  });
});
