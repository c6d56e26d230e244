import OpenAI from "openai";

const client = new OpenAI({
  baseURL: "http://127.0.0.1:8000/v1",
  apiKey: "none",
  dangerouslyAllowBrowser: true,
});
const stream = await client.chat.completions.create({
  model: "smollm2-135m-instruct",
  stream: true,
  max_tokens: 100,
  messages: [{ role: "user", content: "Why is the sky blue?" }],
});
for await (const chunk of stream) {
  console.log(chunk.choices[0]?.delta.content ?? "");
}
