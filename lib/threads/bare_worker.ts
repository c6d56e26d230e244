/**
 * A thread that has nothing to do yet.
 *
 * @module
 */

/// <reference lib="deno.worker" />

/** To the thread: what it is from now on, and its first message. */
export interface FirstMessage {
  /** Sets a handler of messages. */
  module: string;
  message: unknown;
}

self.onmessage = async ({ data }: MessageEvent<FirstMessage>) => {
  await import(data.module);
  self.dispatchEvent(new MessageEvent("message", { data: data.message }));
};
