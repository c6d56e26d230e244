import { assertRejects } from "@std/assert";
import { GREEDY } from "../../lib/bita/choose/sampling.ts";
import { Answers } from "../../lib/worker/answers.ts";

Deno.test("Answers.fail() fails what was aborted before with the reason of that", async () => {
  const answers = new Answers(() => {}); // a worker in a long pass
  const request = {
    prompt: Int32Array.of(1),
    sampling: GREEDY,
    maxTokens: 4,
    endTokens: new Set<number>(),
    draft: "auto" as const,
    trace: false,
    cache: { caller: "", salt: "" },
  };
  const leaving = new AbortController();
  const { signal } = new AbortController();
  const left = answers.open(request, { signal: leaving.signal });
  const stayed = answers.open(request, { signal });
  leaving.abort(new Error("the server is shutting down"));
  answers.fail(new Error("the model is closed"));
  await assertRejects(() => Array.fromAsync(left), Error, "shutting down");
  await assertRejects(() => Array.fromAsync(stayed), Error, "is closed");
});
