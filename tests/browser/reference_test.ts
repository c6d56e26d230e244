import { assertEquals } from "@std/assert";
import axe from "axe-core";
import { serve } from "../routes/_serve.ts";
import { toyEngine } from "../toy/engine.ts";
import { hasBrowser, openBrowser, openPage } from "./_browser.ts";

Deno.test({
  name:
    "the reference shows operations and schemas, to all and from here alone",
  ignore: !hasBrowser(),
  async fn() {
    await using server = await serve({ engines: [toyEngine()] });
    await using browser = await openBrowser();
    await using opened = await openPage(browser, `${server.url}/docs`, {
      viewport: { width: 320, height: 800 },
    });
    const { page, errors, requests } = opened;
    await page.getByText("POST /v1/chat/completions").click();
    const field = page.locator("details[open] dt", { hasText: "messages" });
    await field.first().waitFor();
    await page.locator("details[open] a", { hasText: "ChatCompletionChunk" })
      .click();
    await page.locator("#ChatCompletionChunk[open]").waitFor();
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate("axe.run()") as axe.AxeResults;
    assertEquals(violations.map(({ id, nodes }) => [id, nodes[0].html]), []);
    const wide = await page.evaluate("document.body.scrollWidth");
    assertEquals(wide, 320);
    assertEquals(errors, []);
    const foreign = requests.filter((url) => !url.startsWith(server.url));
    assertEquals(foreign, []);
  },
});
