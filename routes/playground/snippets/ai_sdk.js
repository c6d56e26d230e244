import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { streamText } from "ai";

const bita = createOpenAICompatible({
  name: "bita",
  baseURL: "http://127.0.0.1:8000/v1",
});
const { textStream } = streamText({
  model: bita("smollm2-135m-instruct"),
  maxOutputTokens: 100,
  prompt: "Why is the sky blue?",
});
for await (const text of textStream) console.log(text);
