/**
 * llama.cpp on the same prompts: plain, and with the only drafts that it has without a
 * second model, copies from the prompt.
 *
 * @module
 */

import { realGguf } from "../../real_model.ts";
import {
  LlamaCpp,
  type LlamaOptions,
  type LlamaRun,
} from "../llama/llama_cpp.ts";
import type { Run } from "./run.ts";
import { geometricMean, median } from "../statistics.ts";
import type { Table } from "../table.ts";

/** One prompt, decoded with and without drafts by bita and by llama.cpp. */
export interface Race {
  ours: { none: Run; drafted: Run };
  llama: { none: LlamaRun; lookup: LlamaRun };
}

/** Two processes of llama.cpp; leaving the scope ends them. */
export class Rivals implements AsyncDisposable {
  readonly #none: LlamaCpp;
  readonly #lookup: LlamaCpp;

  private constructor(none: LlamaCpp, lookup: LlamaCpp) {
    this.#none = none;
    this.#lookup = lookup;
  }

  /** Starts both on the default model's file. */
  static async open(options: LlamaOptions): Promise<Rivals> {
    const { path } = await realGguf();
    return new Rivals(
      await LlamaCpp.open(path, options),
      await LlamaCpp.open(path, { ...options, lookup: true }),
    );
  }

  /** Continues a prompt by `count` tokens in each process, one after the other. */
  async run(prompt: Int32Array, count: number): Promise<Race["llama"]> {
    return {
      none: await this.#none.decode(prompt, count),
      lookup: await this.#lookup.decode(prompt, count),
    };
  }

  /** Ends both. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#none[Symbol.asyncDispose]();
    await this.#lookup[Symbol.asyncDispose]();
  }
}

/** Compares tokens a second; the last column divides bita with drafts by each. */
export function besideLlama(races: readonly Race[]): Table {
  const ways = {
    "bita, none": races.map(({ ours }) => ourRate(ours.none)),
    "bita, drafted": races.map(({ ours }) => ourRate(ours.drafted)),
    "llama.cpp, none": races.map(({ llama }) => llamaRate(llama.none)),
    "llama.cpp, lookup": races.map(({ llama }) => llamaRate(llama.lookup)),
  };
  const drafted = ways["bita, drafted"];
  return {
    title: `Compared with llama.cpp, ${races.length} prompts`,
    header: ["decoder", "tokens/s, median", "bita, drafted, to it"],
    rows: Object.entries(ways).map(([name, rates]) => [
      name,
      median(rates),
      geometricMean(rates.map((rate, i) => drafted[i] / rate)),
    ]),
  };
}

/** Tokens a second after the prompt. */
function ourRate({ tokens, decodeMs }: Run): number {
  return tokens.length / decodeMs * 1000;
}

/** Tokens a second after the first. */
function llamaRate({ tokens, restMs }: LlamaRun): number {
  return (tokens.length - 1) / restMs * 1000;
}
