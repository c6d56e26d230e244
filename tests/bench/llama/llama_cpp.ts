/**
 * llama.cpp for comparison: its CPU library through node-llama-cpp, in a Node process.
 *
 * The package is installed the first time that a benchmark needs it.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { JsonLines } from "./json_lines.ts";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));

/** The settings that llama.cpp reports. */
export interface LlamaSettings {
  release: string;
  threads: number;
  flashAttention: boolean | "auto";
  /** The most tokens a pass. */
  batch: number;
  /** The instruction sets that it uses. */
  system: string;
}

/** How to start llama.cpp. */
export interface LlamaOptions {
  threads: number;
  /** Tokens of context a sequence. */
  context: number;
  /** Whether to draft by copying from the prompt. @default false */
  lookup?: boolean;
}

/** A text decoded by llama.cpp; times in milliseconds. */
export interface LlamaRun {
  tokens: number[];
  /** From the start to the first token. */
  firstMs: number;
  /** From the first token to the last. */
  restMs: number;
}

/** One of several prompts decoded at once; times in milliseconds. */
export interface LlamaStream {
  tokens: number[];
  /** When each token came, since the start of all. */
  times: number[];
}

/** Milliseconds to the first token of a prompt, computed and restored. */
export interface LlamaRestore {
  coldMs: number;
  restoredMs: number;
}

/** A GGUF file opened by llama.cpp; leaving its scope ends the process. */
export class LlamaCpp implements AsyncDisposable {
  readonly settings: LlamaSettings;
  #child: JsonLines;

  private constructor(child: JsonLines, settings: LlamaSettings) {
    this.#child = child;
    this.settings = settings;
  }

  /** Starts llama.cpp on the file at `path`. */
  static async open(
    path: string,
    { threads, context, lookup = false }: LlamaOptions,
  ): Promise<LlamaCpp> {
    await install();
    const script = `${FOLDER}evaluate.mjs`;
    const child = new JsonLines("node", [
      script,
      path,
      String(threads),
      String(context),
      ...(lookup ? ["lookup"] : []),
    ]);
    return new LlamaCpp(child, await child.receive());
  }

  /** The settings as a note for a report. */
  get about(): string {
    const { release, threads, flashAttention, batch, system } = this.settings;
    return `llama.cpp ${release}: ${threads} threads, flash attention ${flashAttention}, batch ${batch}, prebuilt library for this CPU, ${system.trim()}`;
  }

  /** Continues a prompt by `count` tokens, past an end of text too. */
  async decode(prompt: Int32Array, count: number): Promise<LlamaRun> {
    this.#child.send({ prompt: [...prompt], count });
    return await this.#child.receive();
  }

  /** Continues all prompts at once, as sequences of one context. */
  async decodeTogether(
    prompts: readonly Int32Array[],
    count: number,
  ): Promise<LlamaStream[]> {
    this.#child.send({ prompts: prompts.map((ids) => [...ids]), count });
    return await this.#child.receive();
  }

  /** Times the first token after a prompt that is computed, then restored from a file. */
  async restore(prompt: Int32Array, path: string): Promise<LlamaRestore> {
    this.#child.send({ prompt: [...prompt], path });
    return await this.#child.receive();
  }

  /** Ends the process. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }
}

/**
 * Installs the packages that `package-lock.json` names, unless they are installed.
 *
 * `npm ci` would need a digest for the library of every platform.
 */
async function install(): Promise<void> {
  const installed = await Deno.stat(`${FOLDER}node_modules`)
    .then(() => true, () => false);
  if (installed) return;
  const { success } = await new Deno.Command("npm", {
    args: ["install", "--no-save"],
    cwd: FOLDER,
    stdout: "null",
  }).spawn().status;
  if (success) return;
  throw new Error("Cannot install llama.cpp: npm must succeed: it failed");
}
