/**
 * The measurements of a model on a GPU, each over the same texts, whose tokens must
 * always be the same.
 *
 * @module
 */

import { prefill } from "../../../lib/bita/decode/prefill.ts";
import { chain } from "../../../lib/bita/tree/tree.ts";
import { openPrefixCache } from "../../../lib/prefix/open_prefix_cache.ts";
import { Scheduler } from "../../../lib/worker/scheduler.ts";
import { TrafficCounter } from "../../runtime/web/_traffic.ts";
import { median, sum } from "../statistics.ts";
import type { GpuReport, GpuSizes } from "./report.ts";
import type { Subject } from "./subject.ts";
import { Texts, type TimedText } from "./texts.ts";

const GIB = 2 ** 30;

/** Drafts to compare with plain decoding, with the tree that they fill, if it is given. */
const DRAFTS = [
  ["none"],
  ["bita", [2, 1]],
  ["bita", [5, 4, 3]],
  ["hydra", [1, 1, 1]],
  ["ngram"],
  ["recycle"],
  ["auto"],
] as const;

/** Measures passes by their rows. */
export async function measurePasses(
  { model, prompts: [prompt] }: Subject,
  { rows, repeats }: GpuSizes,
): Promise<GpuReport["passes"]> {
  const sequence = model.open(prompt);
  await prefill(new Scheduler(model), sequence, { prompt });
  const results: GpuReport["passes"] = [];
  for (const count of rows) {
    const pass = async () => {
      const begun = performance.now();
      const [output] = await model.run([{
        sequence,
        start: sequence.length,
        tokens: new Int32Array(count).fill(1),
        parents: chain(count - 1),
        read: [count - 1],
        best: true,
      }]);
      output.release();
      return performance.now() - begun;
    };
    await pass();
    using counter = new TrafficCounter();
    await pass();
    const { dispatches, up, down } = counter.take();
    counter[Symbol.dispose]();
    const times: number[] = [];
    for (let i = 0; i < repeats; i++) times.push(await pass());
    results.push({
      rows: count,
      ms: median(times),
      dispatches: sum(Object.values(dispatches)),
      up,
      down,
    });
  }
  sequence.close();
  return results;
}

/** Measures texts by what drafts; the first are those without drafts. */
export async function measureDrafts(
  subject: Subject,
  { tokens, texts }: GpuSizes,
): Promise<GpuReport["drafts"]> {
  const { draftVocab } = subject.model.shape;
  let plain: TimedText[] = [];
  const results: GpuReport["drafts"] = [];
  for (const [draft, draftTree] of DRAFTS) {
    if (draft === "hydra" && !draftVocab) continue;
    const decoder = new Texts(subject);
    const decoded: TimedText[] = [];
    for (const prompt of subject.prompts.slice(0, texts)) {
      decoded.push(await decoder.decode(prompt, { tokens, draft, draftTree }));
    }
    if (plain.length === 0) plain = decoded;
    const total = (of: (text: TimedText) => number) => sum(decoded.map(of));
    const count = total((text) => text.tokens.length);
    results.push({
      draft: draftTree ? `${draft} ${draftTree.join("-")}` : draft,
      perSecond: 1000 * count / total(({ ms }) => ms),
      perPass: count / total(({ passes }) => passes),
      drafted: total(({ drafted }) => drafted),
      accepted: total(({ accepted }) => accepted),
      identical: shareOfSame(decoded, plain),
    });
  }
  return results;
}

/** Measures the time to the first token of a prompt that is new, in memory, in Deno KV. */
export async function measurePrefixes(
  subject: Subject,
  { tokens, prefix }: GpuSizes,
): Promise<GpuReport["prefixes"]> {
  const folder = await Deno.makeTempDir();
  const [first] = subject.prompts;
  const prompt = Int32Array.from(
    { length: prefix },
    (_, i) => first[i % first.length],
  );
  const settings = {
    mode: "kv" as const,
    kv: `${folder}/kv.sqlite`,
    memoryBytes: GIB,
    storeBytes: GIB,
    secret: new Uint8Array(32),
  };
  const open = async () => {
    const { cache } = await openPrefixCache(settings, {
      fingerprint: "bench",
      bytesPerToken: subject.bytesPerToken,
      computeMs: () => 60_000, // so that reading always pays
      now: Date.now,
    });
    return { cache, texts: new Texts(subject, cache) };
  };
  const { cache, texts } = await open();
  const cold = await texts.decode(prompt, { tokens });
  const memory = await texts.decode(prompt, { tokens });
  await cache.idle();
  cache.close();
  const restarted = await open();
  const kv = await restarted.texts.decode(prompt, { tokens });
  restarted.cache.close();
  await Deno.remove(folder, { recursive: true });
  return Object.entries({ cold, memory, kv }).map(([from, text]) => ({
    from,
    firstMs: text.firstMs,
    cached: text.cached,
    identical: shareOfSame([text], [cold]),
  }));
}

/** Measures several texts at once. */
export async function measureStreams(
  subject: Subject,
  { streams, tokens }: GpuSizes,
): Promise<GpuReport["streams"]> {
  const known: TimedText[] = [];
  const results: GpuReport["streams"] = [];
  for (const count of streams) {
    const texts = new Texts(subject);
    const begun = performance.now();
    const decoded = await Promise.all(
      subject.prompts.slice(0, count)
        .map((prompt) => texts.decode(prompt, { tokens })),
    );
    const ms = performance.now() - begun;
    const before = known.length;
    known.push(...decoded.slice(before));
    results.push({
      streams: count,
      perSecond: 1000 * sum(decoded.map(({ tokens }) => tokens.length)) / ms,
      firstMs: median(decoded.map(({ firstMs }) => firstMs)),
      identical: shareOfSame(decoded, known),
    });
  }
  return results;
}

/** Returns the share of texts that are, token for token, those of the others. */
function shareOfSame(
  texts: readonly TimedText[],
  others: readonly TimedText[],
): number {
  const same = texts.filter(({ tokens }, i) =>
    tokens.join() === others[i].tokens.join()
  );
  return same.length / texts.length;
}
