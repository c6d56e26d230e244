/**
 * Sessions that never run at once: the web's builds of ONNX Runtime refuse it, and
 * native threads would only get in each other's way.
 *
 * @module
 */

import type { Session } from "./backend.ts";

/** Lets sessions run one at a time, first come, first served. */
export function inTurn<T extends Record<string, Session>>(sessions: T): T {
  let last: Promise<unknown> = Promise.resolve();
  const wrapped = Object.entries(sessions).map(([name, session]) => {
    const run: Session["run"] = (feeds, fetches) => {
      const result = last.then(() => session.run(feeds, fetches));
      last = result.catch(() => {}); // whoever asked hears of a failure
      return result;
    };
    return [name, { run }];
  });
  return Object.fromEntries(wrapped);
}
