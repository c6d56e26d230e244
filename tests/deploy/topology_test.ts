/**
 * The Compose file's topology as plain processes: two servers, a KV that they share,
 * and the proxy before them.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { openKvStore } from "../../lib/prefix/store/kv_store.ts";
import { type RunningServer, startServer } from "../server/_server.ts";
import { post, stream } from "./_ask.ts";
import { KV_TOKEN, startKv } from "./_kv.ts";
import { hasProxy, startProxy, until } from "./_proxy.ts";

Deno.env.set("DENO_KV_ACCESS_TOKEN", KV_TOKEN);

/** A prompt of more than 12 blocks. */
const PROMPT = Array.from({ length: 36 }, (_, i) => `item ${i} is new`).join();

/** Reads a number off a server's metrics. */
async function metric({ url }: RunningServer, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(RegExp(`^${name}\\S* (.+)$`, "m").exec(text)![1]);
}

/** Asks with the long prompt; gives the words, and how much of it was known. */
async function ask(url: string) {
  const response = await post(url, {
    prompt: PROMPT,
    max_tokens: 6,
    prompt_cache_retention: "24h", // or only a second asking stores it
  });
  const { choices, usage } = await response.json();
  const cached: number = usage.prompt_tokens_details.cached_tokens;
  return { text: choices[0].text as string, cached };
}

/** Returns whether most of the prompt is in the KV. */
async function isStored(url: string): Promise<boolean> {
  const store = await openKvStore(url);
  const { length } = await store.list();
  store.close();
  return length >= 12;
}

Deno.test({
  name:
    "a killed server takes only its own streams; the other knows its prompts",
  ignore: !hasProxy(),
  async fn() {
    await using kv = await startKv();
    const env = {
      CONTEXT: "1024",
      KV_URL: kv.url,
      DENO_KV_ACCESS_TOKEN: KV_TOKEN,
      PREFIX_SECRET: "the same for both of them",
    };
    await using one = await startServer(env);
    await using other = await startServer(env);
    await using proxy = await startProxy([one, other]);

    const { text, cached } = await ask(proxy.url);
    assertEquals(cached, 0);
    await until(() => isStored(kv.url));
    const read = await metric(one, "vllm:prompt_tokens_total");
    const [killed, left] = read > 0 ? [one, other] : [other, one];
    assertEquals(await metric(left, "vllm:prompt_tokens_total"), 0);

    const streams = [stream(proxy.url, 150), stream(proxy.url, 150)];
    const settled = Promise.allSettled(streams);
    const running = "vllm:num_requests_running";
    await until(async () =>
      await metric(one, running) === 1 && await metric(other, running) === 1
    );
    await killed.stop("SIGKILL");
    const whole = (await settled).map((result) =>
      result.status === "fulfilled" &&
      result.value.at(-1)?.text.endsWith("data: [DONE]\n\n") === true
    );
    assertEquals(whole.toSorted(), [false, true]);

    const again = await ask(proxy.url);
    assertEquals(again.text, text);
    assert(again.cached > 100, `${again.cached} tokens known`);
  },
});
