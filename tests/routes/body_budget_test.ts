import { assertEquals } from "@std/assert";
import { Hono } from "hono";
import { bodyBudget } from "../../routes/middleware/body_budget.ts";
import { failure } from "../../routes/failure.ts";
import { ApiError } from "../../lib/engine/errors.ts";

/** Serves the length of a body, where all may have so many bytes. */
function lengths(most: number) {
  const app = new Hono();
  app.use(bodyBudget(most));
  app.post("/", async (c) => c.text(String((await c.req.text()).length)));
  app.post("/refused", (c) => {
    void c.req.raw.body!.pipeTo(new WritableStream());
    return c.text("refused", 415);
  });
  app.onError((error, c) => failure(c, error as ApiError));

  /** Begins to send a body, and returns how to go on. */
  function send(bytes: number, path = "/") {
    let controller!: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({
      start: (it) => void (controller = it),
    });
    const more = (bytes: number) => controller.enqueue(new Uint8Array(bytes));
    more(bytes);
    const answer = Promise.resolve(
      app.request(path, { method: "POST", body }),
    ).then(async (response) => [response.status, await response.text()]);
    return { more, end: () => controller.close(), answer };
  }
  /** Resolves once what was sent has been read. */
  const read = () => new Promise((resolve) => setTimeout(resolve));
  return { send, read };
}

Deno.test("bodyBudget() gives up the oldest of the large bodies, and reads the others", async () => {
  const { send, read } = lengths(100);
  const small = send(5);
  const oldest = send(40);
  const old = send(40);
  await read();
  const young = send(40);
  const [status, text] = await oldest.answer;
  assertEquals(status, 503);
  assertEquals(JSON.parse(String(text)).error.code, "server_overloaded");
  const quick = send(9);
  quick.end();
  assertEquals(await quick.answer, [200, "9"]);
  for (const one of [small, old, young]) one.end();
  assertEquals(await small.answer, [200, "5"]);
  assertEquals(await old.answer, [200, "40"]);
  assertEquals(await young.answer, [200, "40"]);
});

Deno.test("bodyBudget() counts only bodies that are being read", async () => {
  const { send, read } = lengths(100);
  for (let i = 0; i < 5; i++) {
    const one = send(60);
    await read();
    one.more(30);
    one.end();
    assertEquals(await one.answer, [200, "90"]);
  }
  // A body that alone is too large is given up, too, and leaves nothing.
  const large = send(101);
  assertEquals((await large.answer)[0], 503);
  const next = send(100);
  next.end();
  assertEquals(await next.answer, [200, "100"]);
});

Deno.test("bodyBudget() does not count what comes after the answer", async () => {
  const { send, read } = lengths(100);
  const refused = send(10, "/refused");
  assertEquals(await refused.answer, [415, "refused"]);
  refused.more(90);
  await read();
  refused.end();
  const next = send(100);
  next.end();
  assertEquals(await next.answer, [200, "100"]);
});
