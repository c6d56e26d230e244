/**
 * `deno task lm-eval`: runs lm-eval against a server with the default model, and compares
 * the log-likelihoods with PyTorch's, of the very weights that the server reads.
 *
 * `--backend` is that of the server, and `--items` how many questions are tried, up to
 * 200. With `--float`, the CPU multiplies the same 8-bit weights in floats.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openEnvironment } from "../../models/tune/environment.ts";
import { ENVIRONMENT } from "../../models/tune/tune.ts";
import { ggufVocabulary } from "../../models/gguf/vocabulary.ts";
import { Tokenizer } from "../../lib/text/tokenizer.ts";
import { realArtefact, realGguf } from "../real_model.ts";
import { startServer } from "../server/_server.ts";
import { withFloats } from "./_float_graph.ts";
import { items } from "./_items.ts";
import { likelihoods, type Pair } from "./_reference.ts";

/** A document of lm-eval's log, as far as it is read. */
interface Sample {
  doc_id: number;
  doc: { gold: number };
  arguments: Record<string, { arg_0: string; arg_1: string }>;
  filtered_resps: [likelihood: string, isGreedy: string][];
}

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const { values: { backend, float, items: count } } = parseArgs({
  options: {
    items: { type: "string", default: "200" },
    backend: { type: "string", default: "cpu" },
    float: { type: "boolean", default: false },
  },
});

/** Whose weights `withFloats` knows. */
const format = backend === "wasm" ? "fp32" : "int8";

const folder = await Deno.makeTempDir();
try {
  const gguf = await realGguf();
  const artefact = await realArtefact(format);
  const model = `${folder}/model.gguf`;
  await Deno.symlink(gguf.path, model);
  if (float) {
    await withFloats(folder, {
      int8: artefact,
      fp32: await realArtefact("fp32"),
    });
  }
  const python = await openEnvironment(ENVIRONMENT);
  await run(python, [here("tokenizer.py"), model, folder]);
  const samples = await evaluate(model, folder);
  const { answers, golds, pairs } = read(
    samples,
    new Tokenizer(ggufVocabulary(gguf.metadata)),
  );
  const expected = await likelihoods(pairs, {
    python,
    model: gguf.path,
    folder: artefact.folder,
  });
  report(answers, { expected, golds });
} finally {
  await Deno.remove(folder, { recursive: true });
}

/** Runs lm-eval against a server; returns what it has logged. */
async function evaluate(model: string, folder: string): Promise<Sample[]> {
  const data = `${folder}/items.jsonl`;
  await Deno.writeTextFile(
    data,
    items().slice(0, Number(count)).map((item) => JSON.stringify(item) + "\n")
      .join(""),
  );
  const task = {
    task: "facts",
    dataset_path: "json",
    dataset_kwargs: { data_files: data },
    test_split: "train",
    output_type: "multiple_choice",
    doc_to_text: "{{query}}",
    doc_to_choice: "{{choices}}",
    doc_to_target: "gold",
    metric_list: [{ metric: "acc" }],
  };
  // JSON is YAML.
  await Deno.writeTextFile(`${folder}/facts.yaml`, JSON.stringify(task));
  await using server = await startServer({
    MODEL: model,
    BACKEND: backend,
    WEIGHTS: format,
    CONTEXT: "512",
    PREFIX_CACHE: "off",
    ...float && { CACHE_DIR: folder },
  });
  const python = await openEnvironment({
    name: "lm-eval",
    requirements: here("requirements.txt"),
    options: ["-q"],
  });
  const url = `base_url=${server.url}/v1/completions`;
  await run(python, [
    ...["-m", "lm_eval", "--model", "local-completions", "--tasks", "facts"],
    ...["--include_path", folder, "--batch_size", "8", "--log_samples"],
    ...["--output_path", `${folder}/out`, "--model_args"],
    `model=model,${url},tokenizer_backend=huggingface,tokenizer=${folder},max_length=512`,
  ], { HF_HUB_OFFLINE: "1", HF_HOME: `${folder}/hf`, OPENAI_API_KEY: "none" });
  const [{ name }] = Deno.readDirSync(`${folder}/out`);
  const log = Deno.readDirSync(`${folder}/out/${name}`)
    .find(({ name }) => name.startsWith("samples_"))!;
  const lines = await Deno.readTextFile(`${folder}/out/${name}/${log.name}`);
  return lines.trim().split("\n").map((line) => JSON.parse(line));
}

async function run(
  command: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<void> {
  const { success } = await new Deno.Command(command, { args, env }).spawn()
    .status;
  if (!success) throw new Error(`Cannot run ${args[0]}: it must end with 0`);
}

/** Reads the log-likelihoods, and the tokens that they are of. */
function read(samples: Sample[], tokenizer: Tokenizer) {
  const sorted = samples.toSorted((a, b) => a.doc_id - b.doc_id);
  return {
    golds: sorted.map(({ doc }) => doc.gold),
    answers: sorted.flatMap(({ filtered_resps }) =>
      filtered_resps.map(([likelihood]) => Number(likelihood))
    ),
    pairs: sorted.flatMap((sample) =>
      Object.values(sample.arguments).map(({ arg_0, arg_1 }): Pair => {
        const context = [...tokenizer.encode(arg_0)];
        const whole = [...tokenizer.encode(arg_0 + arg_1)];
        return [context, whole.slice(context.length)];
      })
    ),
  };
}

/** Prints how far the log-likelihoods agree. */
function report(
  answers: number[],
  { expected, golds }: { expected: number[]; golds: number[] },
): void {
  const off = answers.map((one, i) => Math.abs(one - expected[i]))
    .sort((a, b) => a - b);
  const choices = answers.length / golds.length;
  const best = (all: number[]) =>
    golds.map((_, at) => {
      const own = all.slice(at * choices, (at + 1) * choices);
      return own.indexOf(Math.max(...own));
    });
  const [found, wanted] = [answers, expected].map(best);
  const right = (all: number[]) => all.filter((b, i) => b === golds[i]).length;
  const same = found.filter((choice, i) => choice === wanted[i]).length;
  console.log(`${answers.length} log-likelihoods of ${golds.length} items`);
  console.log(`difference: median ${off[off.length >> 1].toExponential(1)}`);
  console.log(`            largest ${off.at(-1)!.toExponential(1)}`);
  console.log(`same choice: ${same} of ${golds.length}`);
  console.log(`right: ${right(found)}, PyTorch ${right(wanted)}`);
}
