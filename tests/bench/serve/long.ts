/**
 * Service to others during the prefill of a long prompt: a second client's time to the
 * first token and rate, and the latency of `GET /live`.
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
import { LivePoller, POLL_MS, type Polled } from "./live_poller.ts";
import { ServerProcess } from "./server_process.ts";

/** Acceptance bars: milliseconds, and the share of the rate alone. */
const BARS = { first: 1000, rate: 0.4, live: 50 };

/** Figures of one answer to the second client. */
interface AnswerFigures {
  firstMs: number;
  /** Tokens a second after the first. */
  rate: number;
}

/** One long prompt, and what was measured during its prefill. */
interface Trial extends Polled {
  promptTokens: number;
  promptMs: number;
  during: AnswerFigures[];
}

/** Measures the effect of a long prompt on other requests. */
export const long: Benchmark = {
  about: "a second client's waiting time and rate during a long prefill",
  options: {
    ...promptOptions({ limit: 8, tokens: 32 }),
    "prompt-tokens": {
      about: "length of the long prompt in tokens",
      default: "7000",
    },
    repeat: {
      about: "number of long prompts, one after the other",
      default: "2",
    },
    backend: { about: `one of ${BACKENDS.join(",")}`, default: "cpu" },
    draft: { about: "value of `draft` in all requests", default: "none" },
    checkout: { about: "folder of another checkout to measure", default: "" },
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
    }, values);
    const chat = (content: string, maxTokens: number) => {
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
    await chat(prompts[0].text, 8);
    const alone: AnswerFigures[] = [];
    for (const { category, text } of prompts) {
      progress(alone.length + 1, prompts.length, `alone, ${category}`);
      alone.push(figuresOf(await chat(text, tokens)));
    }
    const trials: Trial[] = [];
    for (let index = 0; index < repeat; index++) {
      progress(index + 1, repeat, "during a long prefill");
      const text = write("What is this about?", {
        index,
        tokens: integer(values, "prompt-tokens"),
      });
      await using poller = await LivePoller.start(server.origin);
      let reading = true;
      const long = chat(text, 1).finally(() => reading = false);
      const during: AnswerFigures[] = [];
      for (let i = 0; reading; i++) {
        const answer = await chat(prompts[i % prompts.length].text, tokens);
        // An answer that outlasts the prefill counts only if there is no other.
        if (reading || during.length === 0) during.push(figuresOf(answer));
      }
      const { timings: { prompt_n, prompt_ms } } = await long;
      trials.push({
        promptTokens: prompt_n,
        promptMs: prompt_ms,
        during,
        ...await poller.stop(),
      });
    }
    return report(alone, trials);
  },
};

function figuresOf({ times, timings }: StreamedChat): AnswerFigures {
  const ms = times.at(-1)! - times[0];
  return { firstMs: times[0], rate: (timings.predicted_n - 1) / ms * 1000 };
}

/** Lists the requests of `/live` that took too long, by when they were sent. */
function slowest(trials: Trial[]): string {
  return trials.flatMap(({ live }, trial) =>
    live.flatMap((ms, index) => {
      const at = (index * POLL_MS / 1000).toFixed(1);
      return ms > BARS.live
        ? [`${ms.toFixed(1)} ms at ${at} s of prompt ${trial + 1}`]
        : [];
    })
  ).join(", ");
}

function report(alone: AnswerFigures[], trials: Trial[]): Report {
  const during = trials.flatMap((trial) => trial.during);
  const live = trials.flatMap((trial) => trial.live);
  const late = trials.flatMap((trial) => trial.late);
  const [first, firstDuring] = [alone, during].map((all) =>
    all.map(({ firstMs }) => firstMs)
  );
  const [rate, rateDuring] = [alone, during].map((all) =>
    all.map(({ rate }) => rate)
  );
  const share = median(rateDuring) / median(rate);
  const longest = { first: Math.max(...firstDuring), live: Math.max(...live) };
  const met = (is: boolean) => is ? "yes" : "no";
  return {
    tables: [{
      title: "A second client during a long prefill",
      header: ["", "alone", "during", "worst", "bar", "met"],
      rows: [
        [
          "ms to first token",
          median(first),
          median(firstDuring),
          longest.first,
          `${BARS.first}`,
          met(longest.first <= BARS.first),
        ],
        [
          "tokens/s",
          median(rate),
          median(rateDuring),
          Math.min(...rateDuring),
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
      } tokens, prefilled in ${
        trials.map(({ promptMs }) => (promptMs / 1000).toFixed(1)).join(", ")
      } s; ${during.length} answers during that time.`,
      `${
        firstDuring.filter((ms) => ms > BARS.first).length
      } of ${firstDuring.length} first tokens took longer than ${BARS.first} ms.`,
      `The median rate is ${
        share.toFixed(2)
      } of that alone; it counts the tokens after the first.`,
      `GET /live was requested ${live.length} times, every ${POLL_MS} ms, without waiting for responses. A process of its own sent them, at most ${
        Math.max(...late).toFixed(1)
      } ms late. Over ${BARS.live} ms took ${slowest(trials) || "none"}.`,
    ],
    data: { alone, trials },
  };
}
