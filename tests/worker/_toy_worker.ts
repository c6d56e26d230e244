/**
 * A worker without a model, which fails on demand: the first token of a prompt says
 * how. It speaks the messages of the real one.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import type { FromWorker, ToWorker } from "../../lib/worker/messages.ts";

/** What a prompt's first token brings about. */
export const FIRST_TOKEN = {
  /** Two tokens, and the end. */
  answer: 0,
  /** One token, and nothing more. */
  hang: 1,
  /** One token, and an error that nothing catches. */
  throws: 2,
  /** One token, and the loss of the device. */
  loseDevice: 3,
  /** The failure of this request alone. */
  fail: 4,
  /** The refusal of this request. */
  refuse: 5,
  /** The want of memory for this request. */
  noMemory: 6,
};

/** A context in which no model opens. */
export const NO_CONTEXT = 0;

/** Counts what asks the worker to close, if its opening has brought it. */
let closes = new Int32Array(1);

const say = (message: FromWorker) => self.postMessage(message);

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if (data.type === "open") {
    if ("closes" in data) closes = data.closes as Int32Array<ArrayBuffer>;
    if (data.context === NO_CONTEXT) {
      say({ type: "failed", message: "no context" });
    } else {
      say({
        type: "opened",
        passMs: 1,
        exact: "bitwise",
        sequencesPerPass: 1,
        prefix: "off",
      });
    }
  }
  if (data.type === "erase") say({ type: "erased", id: data.id, blocks: 7 });
  if (data.type === "close") {
    Atomics.add(closes, 0, 1);
    // What was sent together arrives before the end.
    setTimeout(() => say({ type: "closed" }));
  }
  if (data.type === "cancel") say({ type: "done", id: data.id, error: "left" });
  if (data.type !== "decode") return;
  const { id, request: { prompt: [first] } } = data;
  const output = { tokens: [first], rows: 2, drafted: 0, accepted: 0, ms: 1 };
  if (first === FIRST_TOKEN.fail) {
    return say({ type: "done", id, error: "broken", fault: "model" });
  }
  if (first === FIRST_TOKEN.refuse) {
    return say({ type: "done", id, error: "refused", fault: "request" });
  }
  if (first === FIRST_TOKEN.noMemory) {
    return say({ type: "done", id, error: "no memory", fault: "memory" });
  }
  say({ type: "output", id, output });
  if (first === FIRST_TOKEN.answer) {
    say({ type: "output", id, output: { ...output, finish: "length" } });
    say({ type: "done", id });
  }
  if (first === FIRST_TOKEN.throws) {
    setTimeout(() => {
      throw new Error("injected");
    });
  }
  if (first === FIRST_TOKEN.loseDevice) {
    say({ type: "failed", message: "the device was lost" });
  }
};
