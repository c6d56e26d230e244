import { assert, assertEquals } from "@std/assert";
import type { RunningServer } from "./_server.ts";
import { startTinyServer, TINY } from "./_tiny_server.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

/** A way to ask for a text, and where its replies and their parts have it. */
interface Wire {
  path: string;
  body(how: How): object;
  read(part: Json): string | undefined;
}

/** What must not change the text, but for the temperature. */
interface How {
  temperature: number;
  drafts: object;
  stream: boolean;
}

const SYSTEM = "Be brief, as the reader has little time.";
const PROMPT = "The other thing is that the thing is there.";
const MESSAGES = [
  { role: "system", content: SYSTEM },
  { role: "user", content: PROMPT },
];
const SEED = 7;
const MOST = 16;
const TEMPERATURES = [0, 0.8];
const DRAFTS = [{ draft: "auto", draft_tree: "3-2-1" }, { draft: "none" }];

let server: RunningServer;
let tokens: number[];

const openai = ({ drafts, ...how }: How) => ({ ...how, ...drafts, seed: SEED });
const ollama = ({ temperature, drafts, stream }: How) => ({
  stream,
  options: { temperature, ...drafts, seed: SEED, num_predict: MOST },
});

const WIRES: Wire[] = [
  {
    path: "/v1/chat/completions",
    body: (how) => ({ ...openai(how), messages: MESSAGES, max_tokens: MOST }),
    read: ({ choices: [choice] }) =>
      (choice?.message ?? choice?.delta)?.content,
  },
  {
    path: "/v1/completions",
    body: (how) => ({ ...openai(how), prompt: tokens, max_tokens: MOST }),
    read: ({ choices: [choice] }) => choice?.text,
  },
  {
    path: "/v1/responses",
    body: (how) => ({
      ...openai(how),
      instructions: SYSTEM,
      input: PROMPT,
      max_output_tokens: MOST,
      store: false,
    }),
    read: ({ type, delta, output }) =>
      type === "response.output_text.delta"
        ? delta
        : output?.[0].content[0].text,
  },
  {
    path: "/v1/messages",
    body: (how) => ({
      ...openai(how),
      system: SYSTEM,
      messages: MESSAGES.slice(1),
      max_tokens: MOST,
    }),
    read: ({ delta, content }) => delta?.text ?? content?.[0].text,
  },
  {
    path: "/api/chat",
    body: (how) => ({ ...ollama(how), messages: MESSAGES }),
    read: ({ message }) => message.content,
  },
  {
    path: "/api/generate",
    body: (how) => ({ ...ollama(how), system: SYSTEM, prompt: PROMPT }),
    read: ({ response }) => response,
  },
];

/** Each case has an API key of its own, and with it a prompt cache of its own. */
const CASES = WIRES.flatMap((wire) =>
  TEMPERATURES.flatMap((temperature) =>
    DRAFTS.flatMap((drafts) =>
      [false, true].map((stream) => ({ wire, temperature, drafts, stream }))
    )
  )
).map((found, i) => ({ ...found, key: `key${i}` }));

Deno.test.beforeAll(async () => {
  const keys = CASES.map(({ key }) => key);
  server = await startTinyServer({ API_KEYS: keys.join(), BACKEND: "cpu" });
  const body = { messages: MESSAGES };
  ({ tokens } = JSON.parse(await post("/tokenize", { key: keys[0], body })));
});

Deno.test.afterAll(() => server[Symbol.asyncDispose]());

async function post(
  path: string,
  { key, body }: { key: string; body: object },
): Promise<string> {
  const response = await fetch(server.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": key },
    body: JSON.stringify({ model: TINY, ...body }),
  });
  const text = await response.text();
  assertEquals(response.status, 200, text);
  return text;
}

/** Asks on a wire; returns the text, and how it came about. */
async function ask({ path, body, read }: Wire, key: string, how: How) {
  const reply = await post(path, { key, body: body(how) });
  const parts: Json[] = reply.split("\n")
    .map((line) => line.replace(/^data: /, ""))
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
  const { cache_n, draft_n } = parts
    .map(({ timings, response }) => timings ?? response?.timings)
    .findLast((timings) => timings);
  return { text: parts.map(read).join(""), cached: cache_n, drafted: draft_n };
}

Deno.test("every API says the same, drafts on or off, cached or not, whole and streamed", async () => {
  // All at once: what shares a pass must not change a text either.
  const answers = await Promise.all(
    CASES.map(async ({ wire, key, stream, ...how }) => ({
      ...how,
      path: wire.path,
      computed: await ask(wire, key, { ...how, stream }),
      cached: await ask(wire, key, { ...how, stream: !stream }),
    })),
  );
  const [expected, other] = TEMPERATURES.map((wanted) =>
    answers.find(({ temperature }) => temperature === wanted)!.computed.text
  );
  assert(expected.length > MOST / 2 && other !== expected);
  for (const { path, temperature, drafts, computed, cached } of answers) {
    const what = JSON.stringify({ path, temperature, drafts });
    const text = temperature === 0 ? expected : other;
    assertEquals([computed.text, cached.text], [text, text], what);
    assertEquals(computed.cached, 0, what);
    assert(cached.cached > 0, what);
    assertEquals(cached.drafted > 0, drafts !== DRAFTS[1], what);
  }
});
