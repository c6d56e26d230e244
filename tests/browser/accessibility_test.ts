import { assert, assertEquals } from "@std/assert";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { COUNTING, openPlayground, send, untilSaid } from "./_playground.ts";
import { setStage } from "./_stage.ts";

const stage = setStage();
const { ignore } = stage;

/** Names what axe finds wrong, but for trifles. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate("axe.run()") as axe.AxeResults;
  return violations
    .filter(({ impact }) => impact !== "minor")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`);
}

for (const width of [320, 1280]) {
  for (const colorScheme of ["light", "dark"] as const) {
    Deno.test({
      name: `axe finds no fault at ${width} px, ${colorScheme}`,
      ignore,
      async fn() {
        const viewport = { width, height: 800 };
        const options = { viewport, colorScheme };
        await using opened = await openPlayground(
          stage.browser,
          stage.server.url,
          options,
        );
        const { page } = opened;
        assertEquals(await violations(page), []);
        await page.locator("[name=compare]").uncheck();
        await send(page, COUNTING);
        await untilSaid(page, "Done.");
        await page.locator(".reads summary").click();
        await page.locator(".guessed").first().hover();
        assertEquals(await violations(page), []);
        const wide = await page.evaluate("document.body.scrollWidth") as number;
        assert(wide <= width, `${wide} px`);
      },
    });
  }
}

Deno.test({
  name: "the keyboard alone asks, stops and looks at passes",
  ignore,
  async fn() {
    await using opened = await openPlayground(stage.browser, stage.server.url);
    const { page } = opened;
    const focused = () =>
      page.evaluate(
        "document.activeElement.id || document.activeElement.className",
      );
    const tabTo = async (name: string) => {
      for (let tries = 0; await focused() !== name; tries++) {
        assert(tries < 30, `Tab never came to ${name}`);
        await page.keyboard.press("Tab");
      }
    };
    await tabTo("prompt");
    await page.keyboard.type("Tell me a very long story.");
    await page.keyboard.press("Enter");
    await page.locator(".output").nth(2).waitFor();
    await tabTo("stop");
    await page.keyboard.press("Enter");
    await untilSaid(page, "Stopped.");
    assertEquals(await focused(), "prompt");
    await page.keyboard.press("Shift+Tab");
    assertEquals(await focused(), "answer");
    await page.keyboard.press("ArrowRight");
    const shown = await page.locator("#inspector").textContent();
    assert(shown!.startsWith("Pass 1: "), shown!);
  },
});
