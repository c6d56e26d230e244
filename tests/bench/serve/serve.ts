/**
 * A server with several clients at once: how long each waits, how fast all of them
 * are together, and whether they get the texts that they get alone.
 *
 * @module
 */

import { BACKENDS } from "../../../lib/runtime/backend.ts";
import { CONFIG } from "../../real_model.ts";
import {
  type Benchmark,
  integer,
  progress,
  type Report,
  someOf,
} from "../benchmark.ts";
import { streamChat } from "./chat_stream.ts";
import { loadPrompts, promptOptions } from "../prompts.ts";
import { ServerProcess } from "./server_process.ts";
import { type Alone, type StreamFigures, streamFigures } from "./streams.ts";

const CONTEXT = 1024;

/** A number of clients, and what they saw. */
interface Level extends StreamFigures {
  clients: number;
}

/** Compares clients at once with clients one by one. */
export const serve: Benchmark = {
  about: "several streams at once: waiting times, total rate, fairness",
  options: {
    ...promptOptions({ limit: 16, tokens: 64 }),
    streams: { about: "numbers of clients at once", default: "1,2,4,8,16" },
    backend: { about: `one of ${BACKENDS.join(",")}`, default: "cpu" },
    draft: { about: "who drafts, as in a request", default: "none" },
  },
  async run(values) {
    const [backend] = someOf(values.backend, BACKENDS);
    const { prompts, tokenizer } = await loadPrompts(values);
    const levels = values.streams.split(",").map((clients) =>
      integer({ streams: clients }, "streams")
    );
    const most = Math.max(...levels);
    if (most > prompts.length) {
      throw new TypeError(
        `Cannot run the benchmark: ${most} prompts are required for as many streams: received ${prompts.length}`,
      );
    }
    await using server = await ServerProcess.start({
      BACKEND: backend,
      CONTEXT: String(CONTEXT),
      PARALLEL: String(most),
      PREFIX_CACHE: "off",
      API_KEYS: "",
    });
    const now = () => performance.now();
    const ask = (text: string) =>
      streamChat(server.origin, {
        model: CONFIG.models[0],
        messages: [{ role: "user", content: text }],
        max_tokens: integer(values, "tokens", { least: 2 }),
        temperature: 0,
        draft: values.draft,
        // Answers of one length, so that all run to the end beside each other.
        logit_bias: Object.fromEntries(
          [...tokenizer.endTokens].map((token) => [token, -100]),
        ),
      }, { now });

    await ask(prompts[0].text);
    const alone: Alone[] = [];
    for (const { category, text } of prompts.slice(0, most)) {
      progress(alone.length + 1, most, `alone, ${category}`);
      alone.push({ begun: now(), answer: await ask(text) });
    }
    const measured: Level[] = [];
    for (const clients of levels) {
      progress(measured.length + 1, levels.length, `${clients} at once`);
      const begun = now();
      const answers = await Promise.all(
        prompts.slice(0, clients).map(({ text }) => ask(text)),
      );
      const figures = streamFigures(
        { begun, answers },
        alone.slice(0, clients),
      );
      measured.push({ clients, ...figures });
    }
    return report(measured, values);
  },
};

function report(levels: Level[], values: Record<string, string>): Report {
  return {
    tables: [{
      title: `${values.backend}, ${values.draft}, ${values.tokens} tokens each`,
      header: [
        "streams",
        "tokens/s",
        "rate over one by one",
        "ms to first token",
        "worst",
        "ms between tokens",
        "95 % under",
        "slowest/fastest",
        "identical",
      ],
      rows: levels.map((level) => [
        level.clients,
        level.tokensPerSecond,
        level.overAlone,
        level.first,
        level.lastFirst,
        level.between,
        level.longBetween,
        level.slowestOverFastest,
        `${level.identical}/${level.clients}`,
      ]),
    }],
    notes: [
      "Tokens a second are those of all streams together, the prompts' time included; beside it, how that compares with the same requests one by one.",
      "Times are medians as a client sees them; slowest/fastest compares the time a token behind the first.",
    ],
    data: levels,
  };
}
