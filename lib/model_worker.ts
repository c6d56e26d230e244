/**
 * A model in a thread of its own, so that passes never stall the HTTP loop. The
 * decoding loop runs here too: logits need not cross between threads.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { checkModel } from "./check_model.ts";
import { Drafting } from "./drafting.ts";
import type {
  DecodeTask,
  FromWorker,
  OpenMessage,
  ToWorker,
} from "./model_messages.ts";
import { openBackend } from "./runtime/choose_backend.ts";
import { openModel } from "./runtime/ort_model.ts";
import { takeTurns } from "./turns.ts";
import { watchCost } from "./watched_cost.ts";

const running = new Map<number, AbortController>();
let drafting: Drafting;

self.onmessage = async ({ data }: MessageEvent<ToWorker>) => {
  switch (data.type) {
    case "open":
      await open(data);
      break;
    case "decode":
      await run(data.id, data.task);
      break;
    case "cancel":
      running.get(data.id)?.abort();
  }
};

async function open(message: OpenMessage): Promise<void> {
  try {
    const backend = await openBackend(message.backend, message);
    const model = await openModel(backend, message.artefact, message);
    const { cost, invariant } = await checkModel(model);
    const { maskEmbeddings, acceptance } = message.artefact.adapter;
    const tuned = maskEmbeddings !== undefined;
    drafting = new Drafting({
      model: takeTurns(
        watchCost(model, { cost, now: () => performance.now() }),
      ),
      cost,
      tuned,
      acceptance,
    });
    say({
      type: "opened",
      passMs: cost.body(1) + cost.head(1),
      exact: invariant ? "bitwise" : "numerical",
    });
  } catch (error) {
    say({ type: "failed", message: messageOf(error) });
  }
}

async function run(id: number, task: DecodeTask): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  const bursts = drafting.decode(task.prompt, {
    ...task,
    signal: controller.signal,
  });
  try {
    let before = performance.now();
    for await (const burst of bursts) {
      const now = performance.now();
      say({ type: "burst", id, burst: { ...burst, ms: now - before } });
      before = now;
    }
    say({ type: "done", id });
  } catch (error) {
    say({ type: "done", id, error: messageOf(error) });
  } finally {
    running.delete(id);
  }
}

function say(message: FromWorker): void {
  self.postMessage(message);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
