/**
 * Time to the first token after a prefix that is computed, read from memory, or read
 * from Deno KV; and with llama.cpp, computed and restored.
 *
 * @module
 */

import { GREEDY } from "../../../lib/bita/choose/sampling.ts";
import { Decoding } from "../../../lib/worker/decoding.ts";
import { Scheduler } from "../../../lib/worker/scheduler.ts";
import { Drafting } from "../../../lib/worker/drafting.ts";
import { openPrefixCache } from "../../../lib/prefix/open_prefix_cache.ts";
import type { PrefixCache } from "../../../lib/prefix/prefix_cache.ts";
import {
  CONFIG,
  formatOn,
  openRealModel,
  realArtefact,
  realGguf,
} from "../../real_model.ts";
import { textTokens } from "../../runtime/_text.ts";
import { type Benchmark, integer, progress } from "../benchmark.ts";
import { asServed } from "../as_served.ts";
import { LlamaCpp } from "../llama/llama_cpp.ts";
import { median } from "../statistics.ts";

const GIB = 1 << 30;
const CONTEXT = 4608;

/** Milliseconds to the first token, one number a trial. */
interface Times {
  prefix: number;
  cold: number[];
  memory: number[];
  kv: number[];
  llama: number[];
  llamaRestored: number[];
}

/** Compares computed prefixes with cached ones. */
export const prefix: Benchmark = {
  about:
    "ms to the first token after a prefix: computed, in memory, in Deno KV",
  options: {
    lengths: {
      about: "lengths of the prefixes in tokens",
      default: "64,256,1024,4096",
    },
    trials: { about: "trials of each length", default: "3" },
  },
  async run(values) {
    const lengths = values.lengths.split(",").map((length) =>
      integer({ lengths: length }, "lengths")
    );
    const trials = integer(values, "trials");
    const { config } = await realArtefact(formatOn("cpu"));
    const model = await openRealModel("cpu", { context: CONTEXT });
    const { cost, invariant } = await asServed(model);
    const scheduler = new Scheduler(model);
    const drafting = new Drafting({ scheduler, cost, adapter: {} });
    const folder = await Deno.makeTempDir();
    const open = () =>
      openPrefixCache({
        mode: "kv",
        kv: `${folder}/kv.sqlite`,
        memoryBytes: 2 * GIB,
        storeBytes: 2 * GIB,
        secret: new Uint8Array(32),
      }, {
        fingerprint: "",
        bytesPerToken: 8 * config.layers * config.kvHeads * config.headDim,
        computeMs: cost.body,
        now: Date.now,
      });
    const firstMs = async (cache: PrefixCache, prompt: Int32Array) => {
      const decoding = new Decoding({ model, drafting, invariant, cache });
      const begun = performance.now();
      const outputs = decoding.decode({
        prompt,
        sampling: GREEDY,
        maxTokens: 1,
        endTokens: new Set(),
        draft: "none",
        cache: { caller: "", salt: "", retention: "24h" },
      });
      let ms = 0;
      let known = 0;
      for await (const { tokens, cached } of outputs) {
        known += cached ?? 0;
        if (tokens.length > 0) ms = performance.now() - begun;
      }
      return { ms, known };
    };

    const text = await textTokens();
    const { path } = await realGguf();
    await using llama = await LlamaCpp.open(path, {
      threads: CONFIG.threads,
      context: CONTEXT,
    });
    await llama.decode(text.subarray(0, 32), 2);
    const all: Times[] = [];
    let about = "";
    for (const length of lengths) {
      progress(all.length + 1, lengths.length, `${length} tokens`);
      const times: Times = {
        prefix: length,
        cold: [],
        memory: [],
        kv: [],
        llama: [],
        llamaRestored: [],
      };
      for (let trial = 0; trial < trials; trial++) {
        const prompt = promptOf(text, { length: length + 1, trial });
        const before = await open();
        about = before.about;
        times.cold.push((await firstMs(before.cache, prompt)).ms);
        times.memory.push((await firstMs(before.cache, prompt)).ms);
        await before.cache.idle();
        before.cache.close();
        const after = await open();
        const { ms, known } = await firstMs(after.cache, prompt);
        times.kv.push(known === length ? ms : NaN);
        await after.cache.erase();
        after.cache.close();
        const rival = await llama.restore(prompt, `${folder}/llama.state`);
        times.llama.push(rival.coldMs);
        times.llamaRestored.push(rival.restoredMs);
      }
      all.push(times);
    }
    await Deno.remove(folder, { recursive: true });
    return {
      tables: [{
        title: "Milliseconds to the first token, medians",
        header: [
          "prefix",
          "computed",
          "memory",
          "KV",
          "memory / computed",
          "KV / computed",
          "llama.cpp computed",
          "llama.cpp restored",
        ],
        rows: all.map((times) => {
          const cold = median(times.cold);
          const [memory, kv] = [median(times.memory), median(times.kv)];
          return [
            String(times.prefix),
            cold,
            memory,
            kv,
            memory / cold,
            kv / cold,
            median(times.llama),
            median(times.llamaRestored),
          ];
        }),
      }],
      notes: [
        `Prompt cache: ${about}.`,
        "KV: a SQLite file that was just opened, so that no block is in memory; the page cache may hold it.",
        "llama.cpp restored: node-llama-cpp reads the state of the sequence from a file, then decodes one token.",
      ],
      data: all,
    };
  },
};

/** Makes a prompt from the fixed text, with a beginning that is new for each trial. */
function promptOf(
  text: Int32Array,
  { length, trial }: { length: number; trial: number },
): Int32Array {
  return Int32Array.from(
    { length },
    (_, i) => text[(i * (trial + 1) + length + trial) % text.length],
  );
}
