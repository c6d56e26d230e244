import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Page } from "playwright-core";
import type { PassTrace } from "../../lib/engine/trace.ts";
import { COUNTING, openPlayground, send, untilSaid } from "./_playground.ts";
import { startTinyServer } from "../server/_tiny_server.ts";
import { setStage } from "./_stage.ts";

const stage = setStage();
const { ignore } = stage;

/** Collects the draft traces of each stream that the page receives. */
function traces(page: Page): Promise<PassTrace[]>[] {
  const all: Promise<PassTrace[]>[] = [];
  page.on("response", (response) => {
    if (!response.url().endsWith("/v1/chat/completions")) return;
    all.push(
      response.text().then((text) =>
        text.split("\n\n")
          .filter((event) => event.includes('"draft_trace"'))
          .map((event) => JSON.parse(event.slice("data: ".length)).draft_trace)
      ),
    );
  });
  return all;
}

/** Reads the outputs of the answer: their tokens' texts, and whether tinted. */
function outputs(page: Page) {
  return page.locator(".answer .output").evaluateAll((elements) =>
    elements.map((element) => ({
      tinted: element.className.includes("tint"),
      texts: Array.from(element.children, ({ textContent }) => textContent!),
    }))
  );
}

/** Waits until the model has nothing to do; gives the milliseconds. */
async function untilIdle(): Promise<number> {
  const before = performance.now();
  for (;;) {
    const text = await (await fetch(`${stage.server.url}/metrics`)).text();
    if (/^vllm:num_requests_running\S* 0$/m.test(text)) break;
  }
  return performance.now() - before;
}

Deno.test({
  name:
    "a chat streams the passes of the API and has the same text without drafts",
  ignore,
  async fn() {
    await using opened = await openPlayground(stage.browser, stage.server.url);
    const { page, errors, requests } = opened;
    const told = traces(page);
    await send(page, COUNTING);
    const lengths = new Set<number>();
    while (await page.locator("#status").textContent() !== "Done.") {
      const text = await page.locator(".answer").textContent();
      lengths.add(text!.length);
    }
    assert(lengths.size > 3, `${lengths.size} lengths seen`);

    const [drafted, plain] = await Promise.all(told);
    assertEquals(
      await outputs(page),
      drafted.map(({ tokens }) => ({
        tinted: tokens.length > 1,
        texts: tokens.map(({ text }) => text),
      })),
    );
    assert(drafted.some(({ tokens }) => tokens.length > 1), "a draft must hit");
    assert(plain.every(({ drafted }) => drafted === 0));
    assertMatch(
      (await page.locator("#verdict").textContent())!,
      /^The same text, \d+\.\d\d times as fast\.$/,
    );
    assertEquals(
      await page.locator(".strip").nth(0).locator("i").count(),
      drafted.length,
    );
    assertEquals(
      await page.locator(".strip").nth(1).locator("i").count(),
      plain.length,
    );
    assertEquals(
      requests.filter((url) => !url.startsWith(stage.server.url)),
      [],
    );
    assertEquals(errors, []);
  },
});

Deno.test({
  name: "pointing at a pass or selecting it shows the source of its tokens",
  ignore,
  async fn() {
    await using opened = await openPlayground(stage.browser, stage.server.url);
    const { page } = opened;
    const told = traces(page);
    await page.locator("[name=compare]").uncheck();
    await send(page, COUNTING);
    await untilSaid(page, "Done.");
    const [passes] = await Promise.all(told);
    const hit = passes.findIndex(({ tokens }) => tokens.some((t) => t.guess));
    const { guess } = passes[hit].tokens[0];

    const inspector = page.locator("#inspector");
    await page.locator(".output").nth(hit).hover();
    assertMatch(
      (await inspector.textContent())!,
      new RegExp(`^Pass ${hit + 1}: ${passes[hit].tokens.length} token`),
    );
    const cells = await inspector.locator("tbody tr").first().locator("td")
      .allTextContents();
    assertEquals(cells.slice(1), [
      guess!.drafters.join(" + "),
      "1",
      String(guess!.rank + 1),
      `${Math.round(guess!.chance! * 100)} %`,
    ]);

    await page.mouse.move(1, 1);
    assertEquals(await inspector.textContent(), "");
    await page.locator(".answer").focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    assertMatch((await inspector.textContent())!, /^Pass 2: /);
    await page.keyboard.press("Escape");
    assertEquals(await inspector.textContent(), "");
  },
});

Deno.test({
  name: "Stop stops the model and the chat continues",
  ignore,
  async fn() {
    await using opened = await openPlayground(stage.browser, stage.server.url);
    const { page, errors } = opened;
    await page.locator("[name=max_tokens]").fill("800");
    await page.locator("[name=draft]").selectOption("none");
    await send(page, "Tell me a very long story.");
    await page.locator(".output").nth(5).waitFor();
    await page.locator("#stop").click();
    const ms = await untilIdle();
    await untilSaid(page, "Stopped.");
    assert(ms < 1000, `${ms} ms`);
    const stopped = stage.server.log().findLast(({ msg }) =>
      msg === "generation"
    )!;
    assertEquals(stopped.outcome, "abort");

    await page.locator("[name=max_tokens]").fill("8");
    await send(page, "Thanks.");
    await untilSaid(page, "Done.");
    assertEquals(await page.locator(".answer").count(), 2);
    assertEquals(errors, []);
  },
});

Deno.test({
  name: "the code tabs show the snippets with this server's address",
  ignore,
  async fn() {
    await using opened = await openPlayground(stage.browser, stage.server.url);
    const { page } = opened;
    await page.locator("[role=tab]").first().focus();
    for (const sign of ["new OpenAI", "await fetch", "streamText", "curl -N"]) {
      await page.keyboard.press("ArrowRight");
      const panel = page.locator("#snippet", { hasText: sign });
      await panel.waitFor();
      assert((await panel.textContent())!.includes(stage.server.url));
    }
  },
});

Deno.test({
  name: "the page shows an error of the server",
  ignore,
  async fn() {
    await using opened = await openPlayground(stage.browser, stage.server.url);
    const { page } = opened;
    await page.locator("[name=top_p]").fill("7");
    await send(page, "Hi");
    await untilSaid(page, "top_p must be a number from 0 to 1");
  },
});

Deno.test({
  name:
    "the page shows the state of a model that was never open, then how it runs",
  ignore,
  async fn() {
    await using server = await startTinyServer({ LOAD: "lazy" });
    await using opened = await openPlayground(stage.browser, server.url);
    const { page, errors } = opened;
    assertEquals(await page.locator("#host").textContent(), "asleep");
    await page.locator("[name=max_tokens]").fill("4");
    await send(page, "Hi");
    await page.locator("#host", { hasText: "w8a8, bitwise exact" }).waitFor();
    assertEquals(errors, []);
  },
});
