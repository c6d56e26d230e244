/**
 * What may come next, from every source at once: mask rows, copies of the text so
 * far, and what rows predicted behind the same token before.
 *
 * @module
 */

import type { Acceptance } from "./acceptance.ts";
import type { NgramIndex } from "./ngram_index.ts";
import type { PlanState } from "./planner.ts";
import type { SuccessorTable } from "./successors.ts";

/** Where guesses come from. */
export type Source = "bita" | "ngram" | "recycle";

/** What is learned over all texts of a model. */
export interface DraftMemory {
  acceptance: Acceptance;
  successors: SuccessorTable;
}

/** A possible next token: its chance, and the kinds of guess that propose it. */
export interface Option {
  token: number;
  /** That it is right, given that its path is. */
  chance: number;
  kinds: string[];
}

/** No guess is surer than this, however many sources agree. */
const SUREST = 0.98;

/** Where guesses are read from. */
export interface GuessSources {
  memory: DraftMemory;
  sources: ReadonlySet<Source>;
  index: NgramIndex;
}

/** Walks down the likeliest path and lists what may follow. */
export class Walk {
  readonly #state: PlanState;
  readonly #from: GuessSources;
  #depth = 0;
  /** Where the copy goes on, and how many equal tokens stand before it. */
  #copy: { next: number; length: number } | undefined;

  /** Starts at the root. */
  constructor(state: PlanState, from: GuessSources) {
    this.#state = state;
    this.#from = from;
    if (from.sources.has("ngram")) this.#copy = from.index.match;
  }

  /** Goes on to a token. */
  step(token: number): void {
    const copy = this.#copy;
    const copied = copy && this.#from.index.at(copy.next) === token;
    this.#copy = copied
      ? { next: copy.next + 1, length: copy.length + 1 }
      : undefined;
    this.#depth++;
  }

  /** Lists what may follow `token`, the likeliest first. */
  options(token: number): Option[] {
    const { memory, sources, index } = this.#from;
    const found = new Map<number, Option>();
    const propose = (guess: number, kind: string) => {
      const chance = memory.acceptance.chance(kind);
      const option = found.get(guess) ?? { token: guess, chance: 0, kinds: [] };
      option.chance = Math.min(
        SUREST,
        1 - (1 - option.chance) * (1 - chance),
      );
      option.kinds.push(kind);
      found.set(guess, option);
    };

    const { candidates, successor } = this.#state;
    const mask = successor === undefined ? this.#depth : this.#depth - 1;
    if (mask < 0) propose(successor!, "successor");
    for (const [rank, id] of (candidates[mask]?.ids ?? []).entries()) {
      propose(id, maskKind(mask, rank));
    }
    if (this.#copy) {
      const guess = index.at(this.#copy.next);
      const length = Math.ceil(Math.log2(this.#copy.length + 1));
      if (guess !== undefined) propose(guess, `copy ${length}`);
    }
    if (sources.has("recycle")) {
      for (const [rank, id] of memory.successors.of(token).entries()) {
        propose(id, `recycle ${rank}`);
      }
    }
    return [...found.values()].sort((a, b) => b.chance - a.chance);
  }
}

/** Names the guesses of a rank that a mask makes. */
export function maskKind(mask: number, rank: number): string {
  return `mask ${mask} ${rank}`;
}

/** Chances to begin with, before anything was seen. */
export function priorChance(kind: string): number {
  const [source, detail] = kind.split(" ");
  const level = Number(detail);
  if (source === "successor") return 0.95;
  if (source === "copy") return [0, 0.15, 0.4, 0.6, 0.8, 0.9][level] ?? 0.9;
  if (source === "recycle") return [0.35, 0.1, 0.05, 0.03][level];
  return 0.02;
}
