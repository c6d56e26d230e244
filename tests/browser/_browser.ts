/**
 * A real browser: Chromium as the system has it, without a window.
 *
 * @module
 */

import { type Browser, chromium, type Page } from "playwright-core";

const EXECUTABLE = "/usr/bin/chromium";

/** Whether there is a browser; says so aloud if there is none. */
export function hasBrowser(): boolean {
  try {
    return Deno.statSync(EXECUTABLE).isFile;
  } catch {
    console.log(`No ${EXECUTABLE} here: browser tests are skipped.`);
    return false;
  }
}

/** Starts the browser. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: ["--no-sandbox"], // root has no other way in
  });
}

/** A page, and what went wrong on it. */
export interface WatchedPage extends AsyncDisposable {
  page: Page;
  /** Errors on the console and in scripts. */
  errors: string[];
  /** URLs of all requests. */
  requests: string[];
}

/** Opens an address and listens to all that the page says and asks for. */
export async function openPage(
  browser: Browser,
  url: string,
  options: Parameters<Browser["newPage"]>[0] = {},
): Promise<WatchedPage> {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(60_000);
  const errors: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(url);
  return { page, errors, requests, [Symbol.asyncDispose]: () => page.close() };
}
