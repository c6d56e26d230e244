/**
 * What people do in the playground.
 *
 * @module
 */

import type { Browser, Page } from "playwright-core";
import { openPage, type WatchedPage } from "./_browser.ts";

/** A prompt whose answer repeats itself, so that untrained drafts hit. */
export const COUNTING = "Count from 1 to 40, like this: 1, 2, 3, 4, 5, 6.";

/** Opens the playground and waits until it is all there. */
export async function openPlayground(
  browser: Browser,
  url: string,
  options: Parameters<Browser["newPage"]>[0] = {},
): Promise<WatchedPage> {
  const opened = await openPage(browser, `${url}/`, options);
  await opened.page.locator("#snippet", { hasText: url }).waitFor();
  return opened;
}

/** Sends a prompt with the Enter key. */
export async function send(page: Page, prompt: string): Promise<void> {
  await page.locator("#prompt").fill(prompt);
  await page.locator("#prompt").press("Enter");
}

/** Waits for what the status line says. */
export async function untilSaid(page: Page, text: string): Promise<void> {
  await page.locator("#status", { hasText: text }).waitFor();
}
