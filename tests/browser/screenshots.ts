/**
 * Takes the README's pictures: `deno run -A tests/browser/screenshots.ts`.
 *
 * @module
 */

import { startServer } from "../server/_server.ts";
import { openBrowser } from "./_browser.ts";
import { openPlayground, send, untilSaid } from "./_playground.ts";

const FOLDER = new URL("../../docs/pictures/", import.meta.url);

/** Its answer is long and repeats names, so that untrained drafts hit. */
const PROMPT =
  "Write a Python function that adds two numbers, then one that subtracts.";

await using server = await startServer();
const browser = await openBrowser();
await Deno.mkdir(FOLDER, { recursive: true });
const [width, height] = [1280, 760];
for (const colorScheme of ["light", "dark"] as const) {
  await using opened = await openPlayground(browser, server.url, {
    viewport: { width, height },
    colorScheme,
  });
  const { page } = opened;
  await page.locator("[name=max_tokens]").fill("120");
  await send(page, PROMPT);
  await untilSaid(page, "Done.");
  await page.locator(".output:has(.guessed)").nth(4).hover();
  const name = `playground-${width}-${colorScheme}.png`;
  await page.screenshot({ path: new URL(name, FOLDER).pathname });
}
await browser.close();
