/**
 * A real server on a free port, for what needs a socket.
 *
 * @module
 */

import { type AppOptions, createApp } from "../../routes/app.ts";
import { listen } from "../../routes/listen.ts";

/** A running server; leaving its scope stops it. */
export interface TestServer extends AsyncDisposable {
  url: string;
  port: number;
  /** What was logged. */
  failures: unknown[];
}

/** Starts an app. */
export async function serve(
  options: Omit<AppOptions, "logFailure">,
): Promise<TestServer> {
  const failures: unknown[] = [];
  const app = createApp({
    ...options,
    logFailure: (error) => failures.push(error),
  });
  const server = await listen((request) => app.fetch(request), {
    hostname: "127.0.0.1",
    port: 0,
  });
  const { port } = server.addr;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    failures,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Makes a chat request. */
export function chat(fields: object = {}): RequestInit {
  const body = { model: "toy", messages: [{ role: "user", content: "Hi" }] };
  return {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...body, ...fields }),
  };
}

/** Waits until `done` holds, and fails if that takes seconds. */
export async function until(done: () => boolean): Promise<void> {
  for (let tries = 0; !done(); tries++) {
    if (tries === 500) throw new Error("Cannot go on: nothing happened in 5 s");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
