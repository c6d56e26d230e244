import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Page } from "playwright-core";
import { openPlayground, send, untilSaid } from "./_playground.ts";
import { setStage } from "./_stage.ts";

const stage = setStage({ PREFIX_CACHE: "memory" }); // it knows nothing yet
const { ignore } = stage;

const QUESTION =
  "Name the colours of the rainbow, from the outside to the inside, please.";

/** Asks the same anew; gives the last chunk's counts of the prompt. */
async function askAfresh(page: Page) {
  await page.locator("#clear").click();
  const responding = page.waitForResponse((response) =>
    response.url().endsWith("/v1/chat/completions")
  );
  await send(page, QUESTION);
  const text = await (await responding).text();
  await untilSaid(page, "Done.");
  const { timings } = JSON.parse(
    text.split("\n\n").findLast((event) => event.includes('"timings"'))!
      .slice("data: ".length),
  );
  return { cached: timings.cache_n, computed: timings.prompt_n };
}

Deno.test({
  name: "what of a prompt was cached is marked, as far as the API says",
  ignore,
  async fn() {
    await using opened = await openPlayground(stage.browser, stage.server.url);
    const { page, errors } = opened;
    await page.locator("[name=compare]").uncheck();
    await page.locator("[name=max_tokens]").fill("4");
    const first = await askAfresh(page);
    const whole = await page.locator(".reads p").textContent();
    assertEquals(first.cached, 0);
    assertEquals(await page.locator("mark").count(), 0);
    assertStringIncludes(whole!, `<|im_start|>user\n${QUESTION}<|im_end|>`);

    const again = await askAfresh(page);
    assert(again.cached >= 16, `${again.cached} tokens cached`);
    await page.locator(".reads summary").click();
    const marked = page.locator("mark");
    assert(await marked.isVisible());
    const known = (await marked.textContent())!;
    assertEquals(await page.locator(".reads p").textContent(), whole);
    assert(whole!.startsWith(known) && known.length < whole!.length);
    const { cached, computed } = again;
    assertStringIncludes(
      (await page.locator(".reads summary").textContent())!,
      `Prompt of ${cached + computed} tokens, ${cached} cached`,
    );
    assertEquals(errors, []);
  },
});
