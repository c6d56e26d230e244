import { assert, assertEquals } from "@std/assert";
import { startServer } from "../server/_server.ts";
import { stream } from "./_ask.ts";
import { hasProxy, startProxy } from "./_proxy.ts";

/** Milliseconds that the proxy gives a sender of headers, and some to spare. */
const HEADER_MS = 10_000 + 5_000;

/** Sends a part of a header; gives the milliseconds until it is thrown out. */
async function dawdle(port: number): Promise<number> {
  using socket = await Deno.connect({ hostname: "127.0.0.1", port });
  const before = performance.now();
  await socket.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a"));
  while (await socket.read(new Uint8Array(1024)) !== null);
  return performance.now() - before;
}

Deno.test({
  name: "the proxy holds no part of a stream, and throws slow senders out",
  ignore: !hasProxy(),
  async fn() {
    await using server = await startServer({ CONTEXT: "1024" });
    await using proxy = await startProxy([server]);
    const slow = dawdle(proxy.port);

    const parts = await stream(proxy.url, 24);
    assert(parts.length > 5, `${parts.length} parts: they must not be held`);
    assert(parts.at(-1)!.at - parts[0].at > 50);
    const metrics = await fetch(`${proxy.url}/metrics`);
    await metrics.body?.cancel();
    assertEquals(metrics.status, 404);
    assert(await slow < HEADER_MS);
  },
});
