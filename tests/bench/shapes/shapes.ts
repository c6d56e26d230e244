/**
 * Models of other sizes compared with llama.cpp: random weights, the same file, prompts,
 * number of threads and of tokens, in turn, so that noise affects both.
 *
 * @module
 */

import { GREEDY } from "../../../lib/bita/choose/sampling.ts";
import { cpuBackend } from "../../../lib/runtime/cpu/cpu_backend.ts";
import { chooseWeights } from "../../../lib/runtime/choose_backend.ts";
import { openModel } from "../../../lib/runtime/open_model.ts";
import { openArtefact } from "../../../models/artefact.ts";
import { openGguf } from "../../../models/gguf/reader.ts";
import { defaultProgress } from "../../../models/download/progress.ts";
import { decodedPlainly } from "../../bita/_run.ts";
import { CONFIG } from "../../real_model.ts";
import { ARBITRARY } from "../../toy/reading.ts";
import { type Benchmark, integer, progress, someOf } from "../benchmark.ts";
import { asServed } from "../as_served.ts";
import { runText } from "../decode/run.ts";
import { LlamaCpp, type LlamaRun } from "../llama/llama_cpp.ts";
import { median } from "../statistics.ts";
import type { Cell } from "../table.ts";
import { measureResident, type Resident } from "./resident.ts";
import { randomPrompt, SHAPES, TYPES, writeShapedGguf } from "./shaped_gguf.ts";

/** Decodes a prompt by so many tokens. */
type Decoder = (prompt: Int32Array, count: number) => Promise<LlamaRun>;

/** Compares models of several sizes on the CPU with llama.cpp. */
export const shapes: Benchmark = {
  about: "plain decoding of random models of other sizes, and llama.cpp's",
  options: {
    shapes: {
      about: `of ${Object.keys(SHAPES).join(",")}`,
      default: "360M,0.6B,1.7B",
    },
    types: { about: `of ${TYPES.join(",")}`, default: "Q4_0,Q8_0" },
    prompts: { about: "tokens of the prompts", default: "200,1000" },
    tokens: { about: "tokens an answer", default: "32" },
    repeat: { about: "answers to each prompt", default: "3" },
  },
  async run(values) {
    const tokens = integer(values, "tokens", { least: 2 });
    const repeat = integer(values, "repeat");
    const lengths = values.prompts.split(",").map((prompts) =>
      integer({ prompts }, "prompts")
    );
    const rows: Cell[][] = [];
    const memory: Cell[][] = [];
    const { threads } = CONFIG;
    for (const shape of someOf(values.shapes, Object.keys(SHAPES))) {
      for (const type of someOf(values.types, TYPES)) {
        const folder = await Deno.makeTempDir({ dir: CONFIG.cacheDir });
        try {
          const path = `${folder}/${shape}.gguf`;
          await writeShapedGguf(path, SHAPES[shape], type);
          const context = Math.max(...lengths) + tokens;
          const ours = await open(path, { folder, context });
          await using llama = await LlamaCpp.open(path, { threads, context });
          const decoders = {
            bita: ours.decode,
            llama: (prompt: Int32Array, count: number) =>
              llama.decode(prompt, count),
          };
          for (const length of lengths) {
            progress(rows.length + 1, rows.length + 1, `${shape} ${type}`);
            const runs = await inTurn(decoders, { length, tokens, repeat });
            rows.push([
              shape,
              type,
              ours.format,
              length,
              ...figures(runs, length),
            ]);
          }
          await ours.close();
          const { format } = ours;
          for (const length of lengths) {
            const options = { folder, format, threads, length };
            const found = await measureResident(path, options);
            memory.push([shape, type, format, length, ...megabytes(found)]);
          }
        } finally {
          await Deno.remove(folder, { recursive: true });
        }
      }
    }
    return {
      tables: [{
        title: `Plain greedy decoding of ${tokens} tokens with random weights`,
        header: [
          ...["shape", "file", "weights", "prompt tokens"],
          ...["ms a token", "llama.cpp", "rate to llama.cpp's"],
          ...["prompt tokens/s", "llama.cpp", "rate to llama.cpp's"],
        ],
        rows,
      }, {
        title: "Memory of a process that reads a prompt and decodes 8 tokens",
        header: [
          ...["shape", "file", "weights", "prompt tokens"],
          ...["MB of weights", "MB of keys and values", "MB resident"],
          "resident to weights, keys and values",
        ],
        rows: memory,
      }],
      notes: [
        `Medians of ${repeat} answers in turn; ratios above 1 mean that bita is faster. ${threads} threads each.`,
      ],
      data: { rows, memory },
    };
  },
};

/** Converts and opens a file. */
async function open(
  path: string,
  { folder, context }: { folder: string; context: number },
) {
  const gguf = await openGguf(path);
  const format = chooseWeights("auto", "cpu", gguf.tensors);
  const artefact = await openArtefact(gguf, {
    cacheDir: folder,
    format,
    progress: defaultProgress(),
    reading: ARBITRARY,
  });
  const backend = cpuBackend(CONFIG.threads);
  const model = await openModel(backend, artefact, { context });
  await asServed(model);
  const decode: Decoder = (prompt, maxTokens) =>
    runText(
      decodedPlainly(model, prompt, {
        sampling: GREEDY,
        maxTokens,
        endTokens: new Set(),
      }),
      () => performance.now(),
    );
  return { format, decode, close: () => model.close() };
}

/** Has both decode the same random prompts in turn, after a short one each. */
async function inTurn(
  { bita, llama }: { bita: Decoder; llama: Decoder },
  { length, tokens, repeat }: {
    length: number;
    tokens: number;
    repeat: number;
  },
): Promise<{ bita: LlamaRun[]; llama: LlamaRun[] }> {
  const runs = { bita: [] as LlamaRun[], llama: [] as LlamaRun[] };
  await bita(randomPrompt(8, 0), 4);
  await llama(randomPrompt(8, 0), 4);
  for (let time = 1; time <= repeat; time++) {
    const prompt = randomPrompt(length, time);
    runs.bita.push(await bita(prompt, tokens));
    runs.llama.push(await llama(prompt, tokens));
  }
  return runs;
}

function megabytes({ weights, kv, resident }: Resident): Cell[] {
  const all = [weights, kv, resident].map((bytes) => Math.round(bytes / 1e6));
  return [...all, resident / (weights + kv)];
}

/** Returns milliseconds a token and prompt tokens a second, each beside llama.cpp's. */
function figures(
  { bita, llama }: { bita: LlamaRun[]; llama: LlamaRun[] },
  length: number,
): Cell[] {
  const [token, otherToken] = [bita, llama].map((runs) =>
    median(runs.map(({ restMs, tokens }) => restMs / (tokens.length - 1)))
  );
  const [rate, otherRate] = [bita, llama].map((runs) =>
    median(runs.map(({ firstMs }) => length / firstMs * 1000))
  );
  return [
    ...[token, otherToken, otherToken / token],
    ...[rate, otherRate, rate / otherRate],
  ];
}
