import { assert, assertEquals } from "@std/assert";
import { client, MODEL } from "./_client.ts";
import { startServer } from "./_server.ts";

/** A span as OTLP's JSON has it, in part. */
interface Span {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
}

/** Listens to what Deno exports. */
function collector() {
  const spans: Span[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const { resourceSpans = [] } = await request.json();
      for (const { scopeSpans } of resourceSpans) {
        for (const scope of scopeSpans) spans.push(...scope.spans);
      }
      return Response.json({});
    },
  );
  return { spans, server, url: `http://127.0.0.1:${server.addr.port}` };
}

Deno.test("a request is a trace: the line, the prompt, the passes", async () => {
  const { spans, server: listener, url } = collector();
  await using server = await startServer({
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_BSP_SCHEDULE_DELAY: "100",
  });
  await client(server).completions.create({
    model: MODEL,
    prompt: "1, 2, 3,",
    max_tokens: 8,
    temperature: 0,
  });
  const find = (name: string) => spans.find((span) => span.name === name);
  const parent = (name: string) =>
    spans.find(({ spanId }) => spanId === find(name)?.parentSpanId);
  // A span is exported when it has ended, so the request's may come last.
  for (let tries = 0; !parent("generate") && tries < 200; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const whole = find("generate")!;
  const request = parent("generate")!;
  assert(request, "the request's span must be the parent");
  let before = BigInt(whole.startTimeUnixNano);
  for (const name of ["queue", "prefill", "passes"]) {
    const part = find(name)!;
    assertEquals(part.parentSpanId, whole.spanId);
    assertEquals(part.traceId, request.traceId);
    assert(BigInt(part.startTimeUnixNano) >= before, name);
    before = BigInt(part.endTimeUnixNano);
  }
  assert(before <= BigInt(whole.endTimeUnixNano));
  await server.stop("SIGTERM");
  await listener.shutdown();
});
