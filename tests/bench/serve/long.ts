/**
 * What others notice while the server reads a long prompt: how long a second client
 * waits for its first token, how fast its tokens come, and whether the server still
 * answers at once whether it is alive.
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
import { loadPrompts, longPrompts, promptOptions } from "../prompts.ts";
import { median } from "../statistics.ts";
import { streamChat, type StreamedChat } from "./chat_stream.ts";
import { ServerProcess } from "./server_process.ts";

/** Milliseconds between two `GET /live`. */
const POLL_MS = 20;

/** What is required: milliseconds, and a share of the usual rate. */
const BARS = { first: 1000, rate: 0.4, live: 50 };

/** What a second client saw of an answer. */
interface Seen {
  firstMs: number;
  /** Tokens a second after the first. */
  rate: number;
}

/** One long prompt, and what was noticed while it was read. */
interface Trial {
  promptTokens: number;
  promptMs: number;
  beside: Seen[];
  /** Milliseconds that each `GET /live` took. */
  live: number[];
}

/** Measures what a long prompt does to others. */
export const long: Benchmark = {
  about: "a second client's waiting and rate while a long prompt is read",
  options: {
    ...promptOptions({ limit: 8, tokens: 32 }),
    "prompt-tokens": { about: "tokens of the long prompt", default: "7000" },
    repeat: { about: "long prompts, one after the other", default: "2" },
    backend: { about: `one of ${BACKENDS.join(",")}`, default: "cpu" },
    draft: { about: "the second client's draft", default: "none" },
  },
  async run(values) {
    const tokens = integer(values, "tokens", { least: 2 });
    const repeat = integer(values, "repeat");
    const { prompts, tokenizer } = await loadPrompts(values);
    const { write } = await longPrompts(tokenizer);
    await using server = await ServerProcess.start({
      BACKEND: someOf(values.backend, BACKENDS)[0],
      PREFIX_CACHE: "off",
      API_KEYS: "",
    });
    const ask = (content: string, maxTokens: number) => {
      const begun = performance.now();
      return streamChat(server.origin, {
        model: CONFIG.models[0],
        messages: [{ role: "user", content }],
        max_tokens: maxTokens,
        temperature: 0,
        draft: values.draft,
        logit_bias: Object.fromEntries(
          [...tokenizer.endTokens].map((token) => [token, -100]),
        ),
      }, { now: () => performance.now() - begun });
    };
    await ask(prompts[0].text, 8);
    const alone: Seen[] = [];
    for (const { category, text } of prompts) {
      progress(alone.length + 1, prompts.length, `alone, ${category}`);
      alone.push(seen(await ask(text, tokens)));
    }
    const trials: Trial[] = [];
    for (let index = 0; index < repeat; index++) {
      progress(index + 1, repeat, "beside a long prompt");
      const text = write("What is this about?", {
        index,
        tokens: integer(values, "prompt-tokens"),
      });
      const live = pollLive(server.origin);
      let reading = true;
      const long = ask(text, 1).finally(() => reading = false);
      const beside: Seen[] = [];
      for (let i = 0; reading; i++) {
        const answer = await ask(prompts[i % prompts.length].text, tokens);
        // The last one may have gone on after the long prompt; it counts if alone.
        if (reading || beside.length === 0) beside.push(seen(answer));
      }
      const { timings: { prompt_n, prompt_ms } } = await long;
      trials.push({
        promptTokens: prompt_n,
        promptMs: prompt_ms,
        beside,
        live: await live.stop(),
      });
    }
    return report(alone, trials);
  },
};

function seen({ times, timings }: StreamedChat): Seen {
  const ms = times.at(-1)! - times[0];
  return { firstMs: times[0], rate: (timings.predicted_n - 1) / ms * 1000 };
}

/** Asks every 20 ms, answered or not, until it is stopped. */
function pollLive(origin: string): { stop(): Promise<number[]> } {
  const answered: Promise<number>[] = [];
  const timer = setInterval(() => {
    const begun = performance.now();
    answered.push(
      fetch(`${origin}/live`)
        .then((response) => response.text())
        .then(() => performance.now() - begun),
    );
  }, POLL_MS);
  return {
    stop() {
      clearInterval(timer);
      return Promise.all(answered);
    },
  };
}

function report(alone: Seen[], trials: Trial[]): Report {
  const beside = trials.flatMap((trial) => trial.beside);
  const live = trials.flatMap((trial) => trial.live);
  const [first, besideFirst] = [alone, beside].map((all) =>
    all.map(({ firstMs }) => firstMs)
  );
  const [rate, besideRate] = [alone, beside].map((all) =>
    all.map(({ rate }) => rate)
  );
  const share = median(besideRate) / median(rate);
  const longest = { first: Math.max(...besideFirst), live: Math.max(...live) };
  const met = (is: boolean) => is ? "yes" : "no";
  return {
    tables: [{
      title: "A second client while a long prompt is read",
      header: ["", "alone", "beside", "worst", "bar", "met"],
      rows: [
        [
          "ms to first token",
          median(first),
          median(besideFirst),
          longest.first,
          `${BARS.first}`,
          met(longest.first <= BARS.first),
        ],
        [
          "tokens/s",
          median(rate),
          median(besideRate),
          Math.min(...besideRate),
          `${BARS.rate} × alone`,
          met(share >= BARS.rate),
        ],
        [
          "ms of GET /live",
          undefined,
          median(live),
          longest.live,
          `${BARS.live}`,
          met(longest.live <= BARS.live),
        ],
      ],
    }],
    notes: [
      `Long prompts of ${
        trials.map(({ promptTokens }) => promptTokens).join(", ")
      } tokens, read in ${
        trials.map(({ promptMs }) => (promptMs / 1000).toFixed(1)).join(", ")
      } s; ${beside.length} answers beside them.`,
      `The rate beside is ${
        share.toFixed(2)
      } of that alone (medians); tokens a second are those after the first token.`,
      `GET /live was asked ${live.length} times, every ${POLL_MS} ms, answered or not.`,
    ],
    data: { alone, trials },
  };
}
