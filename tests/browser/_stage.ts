/**
 * A server and a browser for all tests of a file.
 *
 * @module
 */

import type { Browser } from "playwright-core";
import {
  type Environment,
  type RunningServer,
  startServer,
} from "../server/_server.ts";
import { hasBrowser, openBrowser } from "./_browser.ts";

/** What is there from before the first test until after the last. */
export interface Stage {
  /** Whether there is no browser, and so no stage. */
  ignore: boolean;
  server: RunningServer;
  browser: Browser;
}

/** Sets both up before the tests of the file, and takes them down after them. */
export function setStage(env: Environment = {}): Stage {
  const stage = { ignore: !hasBrowser() } as Stage;
  if (stage.ignore) return stage;
  Deno.test.beforeAll(async () => {
    stage.server = await startServer({ CONTEXT: "1024", ...env });
    stage.browser = await openBrowser();
  });
  Deno.test.afterAll(async () => {
    await stage.browser.close();
    await stage.server[Symbol.asyncDispose]();
  });
  return stage;
}
