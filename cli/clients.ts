/**
 * The settings that clients need, ready to be pasted.
 *
 * @module
 */

/** Where the server is, and what it serves. */
export interface Target {
  /** Origin, such as `"http://127.0.0.1:8000"`. */
  url: string;
  /** Id of the model. */
  model: string;
}

/** Returns settings as text. */
type Settings = (target: Target) => string;

const json = (value: unknown) => JSON.stringify(value, null, 2);

const openai: Settings = ({ url, model }) =>
  `// npm install openai
import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${url}/v1", apiKey: "none" });
const answer = await client.chat.completions.create({
  model: "${model}",
  messages: [{ role: "user", content: "Say hello." }],
});
console.log(answer.choices[0].message.content);

# Clients that read the environment, Python's among them:
export OPENAI_BASE_URL=${url}/v1 OPENAI_API_KEY=none`;

const aiSdk: Settings = ({ url, model }) =>
  `// npm install ai @ai-sdk/openai-compatible
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText } from "ai";

const bita = createOpenAICompatible({
  name: "bita",
  baseURL: "${url}/v1",
  includeUsage: true,
  supportsStructuredOutputs: true,
});
const { text } = await generateText({
  model: bita("${model}"),
  prompt: "Say hello.",
});
console.log(text);`;

const langchain: Settings = ({ url, model }) =>
  `// npm install @langchain/openai
import { ChatOpenAI } from "@langchain/openai";

const chat = new ChatOpenAI({
  model: "${model}",
  apiKey: "none",
  configuration: { baseURL: "${url}/v1" },
});
console.log((await chat.invoke("Say hello.")).content);`;

const continueDev: Settings = ({ url, model }) =>
  `# ~/.continue/config.yaml
name: bita
version: 1.0.0
schema: v1
models:
  - name: ${model}
    provider: openai
    model: ${model}
    apiBase: ${url}/v1
    apiKey: none
    roles: [chat, edit, apply]`;

const openWebUi: Settings = ({ url }) =>
  `# In a container, "localhost" is the container: name the host instead.
export OPENAI_API_BASE_URL=${url}/v1 OPENAI_API_KEY=none
open-webui serve`;

const zed: Settings = ({ url, model }) =>
  `// settings.json; then give any key for the provider "bita" in the agent's settings
${
    json({
      language_models: {
        openai_compatible: {
          bita: {
            api_url: `${url}/v1`,
            available_models: [{
              name: model,
              display_name: model,
              max_tokens: 8192,
              capabilities: {
                tools: true,
                images: false,
                parallel_tool_calls: false,
                prompt_cache_key: true,
              },
            }],
          },
        },
      },
    })
  }`;

const claudeCode: Settings = ({ url, model }) =>
  `# It asks for models of its own names, too: start with MODEL_ALIASES="*=${model}".
export ANTHROPIC_BASE_URL=${url} ANTHROPIC_AUTH_TOKEN=none
claude --model ${model}`;

const ollama: Settings = ({ url, model }) =>
  `# Programs that ask for Ollama's address get ${url}, and the model ${model}.
export OLLAMA_HOST=${url}`;

/** The clients, by the name that the command line has for them. */
export const CLIENTS: ReadonlyMap<string, Settings> = new Map([
  ["openai", openai],
  ["ai-sdk", aiSdk],
  ["langchain", langchain],
  ["continue", continueDev],
  ["open-webui", openWebUi],
  ["zed", zed],
  ["claude-code", claudeCode],
  ["ollama", ollama],
]);
