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

/** To the worker: a task. */
export interface ToTextWorker {
  /** The model's file, always the same. */
  path: string;
  context: number;
  name: TaskName;
  input: TaskInput<TaskName>;
}

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

let reader: Promise<TextReader> | undefined;

self.onmessage = async ({ data }: MessageEvent<ToTextWorker>) => {
  self.postMessage(await answer(data));
};

async function open(
  { path, context }: ToTextWorker,
): Promise<TextReader> {
  const { metadata } = await openGguf(path);
  const { tokenizer, template } = openText(metadata);
  return { tokenizer, template, context };
}

async function answer(task: ToTextWorker): Promise<FromTextWorker> {
  try {
    const { name, input } = task;
    const output = runTask(name, input, await (reader ??= open(task)));
    return { type: "done", output };
  } catch (error) {
    const { message } = error as Error;
    if (!(error instanceof ApiError)) return { type: "failed", message };
    const { status, code, param } = error;
    const options = { ...code && { code }, ...param && { param } };
    return { type: "refused", status, message, options };
  }
}
