/**
 * How soon hostile grammars are refused, and how much memory that takes.
 *
 * @module
 */

import { GrammarCheck } from "../../../lib/grammar/grammar_check.ts";
import type { Tokenizer } from "../../../lib/text/tokenizer.ts";
import { HOSTILE } from "../../grammar/_hostile.ts";
import { median } from "../statistics.ts";

const ROUNDS = 3;

/** How long one hostile grammar took. */
export interface Refused {
  title: string;
  ms: number;
}

/** What the refusals took. */
export interface Refusals {
  /** All rounds. */
  refused: Refused[];
  /** Resident memory in MiB: before the first round, and after each. */
  memory: number[];
}

/** Has all hostile grammars refused, several times. */
export async function refuseHostile(tokenizer: Tokenizer): Promise<Refusals> {
  using check = new GrammarCheck(tokenizer, { path: "" });
  const { signal } = new AbortController();
  const options = { param: "grammar", signal };
  await check.check({ type: "json_object" }, options);
  const refused: Refused[] = [];
  const memory = [residentMemory()];
  for (let round = 0; round < ROUNDS; round++) {
    for (const [title, grammar] of HOSTILE) {
      const begun = performance.now();
      const accepted = await check.check(grammar, options)
        .then(() => true, () => false);
      if (accepted) throw new Error(`${title} is not refused`);
      refused.push({ title, ms: performance.now() - begun });
    }
    memory.push(residentMemory());
  }
  return { refused, memory };
}

/** Describes refusals in a sentence. */
export function describeRefusals({ refused, memory }: Refusals): string {
  const [worst] = refused.toSorted((a, b) => b.ms - a.ms);
  const times = refused.map(({ ms }) => ms);
  return `${HOSTILE.length} hostile grammars are refused in ${
    median(times).toFixed(1)
  } ms (median) and ${
    worst.ms.toFixed(0)
  } ms (the worst: ${worst.title}); resident memory before and after each of ${ROUNDS} rounds: ${
    memory.map((mib) => mib.toFixed(0)).join(", ")
  } MiB.`;
}

function residentMemory(): number {
  return Deno.memoryUsage().rss / 2 ** 20;
}
