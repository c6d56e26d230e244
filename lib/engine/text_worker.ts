/**
 * Works on long texts in a thread of their own, so that no request holds up the others.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { openGguf } from "../../models/gguf/reader.ts";
import type { TextReader } from "./encode_texts.ts";
import { ApiError, type ApiErrorOptions } from "./errors.ts";
import { openText } from "./loading/open_text.ts";
import {
  runTask,
  type TaskInput,
  type TaskName,
  type TaskOutput,
} from "./text_tasks.ts";

/** To the worker; the first message names the model's file. */
export type ToTextWorker =
  | { type: "open"; path: string; context: number }
  | { type: "run"; name: TaskName; input: TaskInput<TaskName> };

/** From the worker, one for each task that it was sent. */
export type FromTextWorker =
  | { type: "done"; output: TaskOutput<TaskName> }
  | { type: "failed"; message: string }
  | {
    type: "refused";
    status: number;
    message: string;
    options: ApiErrorOptions;
  };

let reader: Promise<TextReader>;

self.onmessage = async ({ data }: MessageEvent<ToTextWorker>) => {
  if (data.type === "open") reader = open(data);
  else self.postMessage(await answer(data));
};

async function open(
  { path, context }: { path: string; context: number },
): Promise<TextReader> {
  const { metadata } = await openGguf(path);
  const { tokenizer, template } = openText(metadata);
  return { tokenizer, template, context };
}

async function answer(
  { name, input }: { name: TaskName; input: TaskInput<TaskName> },
): Promise<FromTextWorker> {
  try {
    return { type: "done", output: runTask(name, input, await reader) };
  } catch (error) {
    const { message } = error as Error;
    if (!(error instanceof ApiError)) return { type: "failed", message };
    const { status, code, param } = error;
    const options = { ...code && { code }, ...param && { param } };
    return { type: "refused", status, message, options };
  }
}
