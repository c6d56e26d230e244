import { assert, assertEquals } from "@std/assert";
import { MODEL } from "./_client.ts";
import { startServer } from "./_server.ts";

const SECRET = "xylophone";

/** Asks for a stream; gives its text, whole. */
async function stream(url: string, max_tokens: number): Promise<string> {
  const response = await fetch(`${url}/v1/completions`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      model: MODEL,
      prompt: `${SECRET}: 1, 2, 3,`,
      temperature: 0,
      stream: true,
      max_tokens,
    }),
  });
  return response.text();
}

/** Starts four streams and sends the signal when the model is at work. */
async function stopAmid(
  { drainSeconds, maxTokens }: { drainSeconds: number; maxTokens: number },
) {
  await using server = await startServer({
    DRAIN_SECONDS: String(drainSeconds),
  });
  const asked = Array.from(
    { length: 4 },
    () => stream(server.url, maxTokens),
  );
  await atWork(server.url);
  const before = performance.now();
  const code = await server.stop("SIGTERM");
  const seconds = (performance.now() - before) / 1000;
  return {
    answers: await Promise.all(asked),
    code,
    seconds,
    log: server.log(),
  };
}

/** Waits until all four streams have come. */
async function atWork(url: string): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const text = await (await fetch(`${url}/metrics`)).text();
    const count = (state: string) =>
      Number(
        RegExp(`^vllm:num_requests_${state}\\S* (.+)$`, "m").exec(text)![1],
      );
    if (count("running") + count("waiting") === 4) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("Cannot stop the server: four streams must have begun");
}

Deno.test("SIGTERM lets streams finish, and the log has none of their words", async () => {
  const { answers, code, log } = await stopAmid({
    drainSeconds: 60,
    maxTokens: 24,
  });
  assertEquals(code, 0);
  for (const answer of answers) assert(answer.endsWith("data: [DONE]\n\n"));

  const generations = log.filter(({ msg }) => msg === "generation");
  assertEquals(generations.map(({ outcome }) => outcome), [
    "length",
    "length",
    "length",
    "length",
  ]);
  for (const { requestId, completionTokens } of generations) {
    assert(log.some((r) => r.msg === "request" && r.requestId === requestId));
    assertEquals(completionTokens, 24);
  }
  assertEquals(JSON.stringify(log).includes(SECRET), false);
});

Deno.test("SIGTERM ends streams at the deadline with an error event", async () => {
  const { answers, code, seconds } = await stopAmid({
    drainSeconds: 1,
    maxTokens: 1000,
  });
  assertEquals(code, 0);
  // A second, one for the last words, five for the pass, and half of one for the log.
  assert(seconds < 8, `${seconds} s`);
  for (const answer of answers) {
    const last = answer.trim().split("\n\n").at(-1)!;
    const { error } = JSON.parse(last.replace(/^data: /, ""));
    assertEquals(error.code, "server_shutting_down");
  }
});
