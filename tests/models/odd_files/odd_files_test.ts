/**
 * Hostile and odd files on the road that each model takes: opened, checked, converted, and
 * decoded with.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  equal,
} from "@std/assert";
import { createHash } from "node:crypto";
import { GREEDY } from "../../../lib/bita/choose/sampling.ts";
import { parseConfig } from "../../../lib/config/config.ts";
import { openText } from "../../../lib/engine/loading/open_text.ts";
import { prepareModel } from "../../../lib/engine/loading/prepare_model.ts";
import { cpuBackend } from "../../../lib/runtime/cpu/cpu_backend.ts";
import { openModel } from "../../../lib/runtime/open_model.ts";
import { modelConfig } from "../../../models/architectures/config.ts";
import { openGguf } from "../../../models/gguf/reader.ts";
import { decodedPlainly, run } from "../../bita/_run.ts";
import { tinyParts } from "../../toy/tiny_gguf.ts";
import { ggufFile } from "../gguf/_file.ts";
import { type FileCase, served } from "./_case.ts";
import { CONFIGURATIONS } from "./_configurations.ts";
import { CONTAINERS } from "./_containers.ts";
import { COUNTS } from "./_counts.ts";
import { TENSORS } from "./_tensors.ts";
import { VOCABULARIES } from "./_vocabularies.ts";

const CASES: FileCase[] = [
  ...CONTAINERS,
  ...COUNTS,
  ...TENSORS,
  ...CONFIGURATIONS,
  ...VOCABULARIES,
];

/** The most bytes that the refusals may add: the counts claim 2^31 and more. */
const MOST_BYTES = 2 ** 28;

/** Has a merge that is no token's: "qx". */
const PROMPT = "<|im_start|>user\nthe origin of qx and";

const tiny = tinyParts({ seed: 3 });

/** Runs `use` with the file of a case in a folder of its own. */
async function withFile(
  { file }: FileCase,
  use: (path: string, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const parts = file(tiny);
  const bytes = parts instanceof Uint8Array ? parts : ggufFile(parts);
  try {
    await Deno.writeFile(`${folder}/odd.gguf`, bytes);
    await use(`${folder}/odd.gguf`, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function prepare(path: string, folder: string) {
  const config = parseConfig(
    { MODEL: path, CACHE_DIR: folder, BACKEND: "cpu" },
    { processors: 1, cacheHome: folder },
  );
  return prepareModel(path, config);
}

/** Returns what the text depends on: dimensions, weights, and how a prompt is encoded. */
async function contentsOf(path: string) {
  const { metadata, tensors, read } = await openGguf(path);
  const { tokenizer, template } = openText(metadata);
  const weights = [...tensors.values()].map(async ({ name, type, shape }) => {
    const hash = createHash("sha256").update(await read(name)).digest("hex");
    return [name, type, ...shape, hash].join();
  });
  return {
    config: modelConfig(metadata, tensors),
    weights: (await Promise.all(weights)).sort(),
    prompt: tokenizer.encodePrompt(PROMPT),
    chat: template.encode({ messages: [{ role: "user", content: "a" }] }),
    endTokens: tokenizer.endTokens,
  };
}

/** Decodes after a prompt. */
async function textOf(path: string, folder: string): Promise<number[]> {
  const { artefact, text } = await prepare(path, folder);
  const { tokenizer } = await text();
  const prompt = tokenizer.encodePrompt(PROMPT);
  const { context } = artefact.config;
  const model = await openModel(cpuBackend(1), artefact, { context });
  const { tokens } = await run(decodedPlainly(model, prompt, {
    sampling: GREEDY,
    maxTokens: 12,
    endTokens: new Set(),
  }));
  await model.close();
  return tokens;
}

/** Returns the most memory that the process has had since {@linkcode forgetPeak}. */
function peakBytes(): number {
  const status = Deno.readTextFileSync("/proc/self/status");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]) * 1024;
}

function forgetPeak(): void {
  Deno.writeTextFileSync("/proc/self/clear_refs", "5");
}

Deno.test("the odd files have different names and are many", () => {
  const names = CASES.map(({ name }) => name);
  assertEquals(new Set(names).size, names.length);
  assert(names.length >= 60);
});

Deno.test("a hostile file is refused with its reason, and leaves nothing", async (t) => {
  const isMeasured = Deno.build.os === "linux";
  if (isMeasured) forgetPeak();
  const before = isMeasured ? peakBytes() : 0;
  for (const hostile of CASES) {
    const { name, refused } = hostile;
    if (refused === undefined) continue;
    await t.step(name, () =>
      withFile(hostile, async (path, folder) => {
        const error = await assertRejects(() => prepare(path, folder), Error);
        assertStringIncludes(error.message, "Cannot ");
        assertStringIncludes(error.message, refused);
        const left = [...Deno.readDirSync(folder)].map(({ name }) => name);
        const graphs = left.includes("graphs")
          ? [...Deno.readDirSync(`${folder}/graphs`)]
          : [];
        assertEquals(graphs.filter(({ name }) => !name.endsWith(".lock")), []);
      }));
  }
  if (isMeasured) assert(peakBytes() - before < MOST_BYTES);
});

Deno.test("an odd file writes the text of the usual one", async (t) => {
  const usual: unknown[] = [];
  await withFile(served("usual", () => tiny), async (path, folder) => {
    usual.push(await contentsOf(path), await textOf(path, folder));
  });
  const [contents, text] = usual;
  for (const odd of CASES) {
    if (odd.refused !== undefined) continue;
    await t.step(odd.name, () =>
      withFile(odd, async (path, folder) => {
        // The same contents mean the same text; others are decoded with.
        if (equal(await contentsOf(path), contents)) return;
        assertEquals(await textOf(path, folder), text);
      }));
  }
});
