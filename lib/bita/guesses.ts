/**
 * What may come next, from every source at once: mask rows, a Hydra head, copies of
 * the text so far and of what the client predicted, and what came behind the same token
 * before.
 *
 * @module
 */

import type { Acceptance, Estimate, Guess } from "./acceptance.ts";
import type { Calibration } from "./calibration.ts";
import type { MaskWorth } from "./mask_worth.ts";
import type { Match, NgramIndex } from "./ngram_index.ts";
import type { PlanState } from "./planner.ts";
import type { Prediction } from "./prediction.ts";
import type { SuccessorTable } from "./successors.ts";

/** Where guesses come from. */
export type Source = "bita" | "hydra" | "ngram" | "recycle";

/** What is learned over all texts of a model. */
export interface DraftMemory {
  acceptance: Acceptance;
  successors: SuccessorTable;
  maskWorth: MaskWorth;
}

/** A possible next token. */
export interface Option extends Guess {
  token: number;
  /** That it is right, given that its path is. */
  chance: number;
}

/** What may come at a depth, the likeliest first and at least one. */
export interface Level {
  /** The chance that the likeliest path before it is right. */
  reach: number;
  options: Option[];
}

/** Where guesses are read from. */
export interface GuessSources {
  memory: DraftMemory;
  sources: ReadonlySet<Source>;
  index: NgramIndex;
  /** Copied from like the text itself. */
  prediction?: Prediction | undefined;
  calibration: Calibration;
  /** How often the steps of the Hydra head are right. */
  hydra: Calibration;
}

/** A place to copy from: where it goes on, and the equal tokens before it. */
interface Copy extends Match {
  from: Pick<NgramIndex | Prediction, "at">;
  /** Says what kind of guess it makes, by how often its run has doubled. */
  guess: (level: number) => Guess;
}

/** Tries that a belief without a measurement counts as. */
const BELIEF = 10;

/** Tries that what two guesses say together counts as: each was measured, after all. */
const AGREED = 50;

/** Lists the places whose tokens before them are those at the text's end. */
function places({ sources, prediction, index }: GuessSources): Copy[] {
  if (!sources.has("ngram")) return [];
  return [
    ...prediction?.match
      ? [{ ...prediction.match, from: prediction, guess: toldGuess }]
      : [],
    ...index.match ? [{ ...index.match, from: index, guess: copyGuess }] : [],
  ];
}

/** Says what kinds of guesses copies would make at the text's end. */
export function copies(from: GuessSources): Guess[] {
  return places(from).map(guessOf);
}

/** Says what kind of guess a copy makes. */
function guessOf({ length, guess }: Copy): Guess {
  return guess(Math.ceil(Math.log2(length + 1)));
}

/** Lists what may follow, down the likeliest path. */
export class Walk {
  readonly #state: PlanState;
  readonly #from: GuessSources;
  #depth = 0;
  /** Places whose tokens the path has followed so far. */
  #copies: Copy[];
  /** Whether the path has followed the chain's best guesses so far. */
  #onChain = true;

  /** Starts at the root. */
  constructor(state: PlanState, from: GuessSources) {
    this.#state = state;
    this.#from = from;
    this.#copies = places(from);
  }

  /** Goes down from the root for as long as there are guesses, maybe without end. */
  *levels(): Generator<Level, void> {
    let token = this.#state.root, reach = 1;
    for (;;) {
      const options = this.#options(token);
      if (options.length === 0) return;
      yield { reach, options };
      const [best] = options;
      reach *= best.chance;
      token = best.token;
      this.#step(token);
    }
  }

  /** Goes on to a token. */
  #step(token: number): void {
    const { successor, chain = [] } = this.#state;
    const ahead = this.#drafted();
    const best = ahead < 0 ? successor : chain[ahead]?.ids[0];
    this.#onChain &&= token === best;
    this.#copies = this.#copies
      .filter(({ from, next }) => from.at(next) === token)
      .map((copy) => (
        { ...copy, next: copy.next + 1, length: copy.length + 1 }
      ));
    this.#depth++;
  }

  /** Lists what may follow `token`, the likeliest first. */
  #options(token: number): Option[] {
    const { memory: { acceptance } } = this.#from;
    const found = new Map<number, Guess>();
    for (const [guess, proposal] of this.#guesses(token)) {
      const other = found.get(guess);
      found.set(guess, other ? this.#agree(other, proposal) : proposal);
    }
    return [...found].map(([token, guess]) => (
      { token, ...guess, chance: acceptance.chance(guess) }
    )).sort((a, b) => b.chance - a.chance);
  }

  /** Which mask and step of the chain guess here; -1 before the first. */
  #drafted(): number {
    const { successor } = this.#state;
    return successor === undefined ? this.#depth : this.#depth - 1;
  }

  /** Lists every source's guesses behind `token`. */
  *#guesses(token: number): Generator<[token: number, guess: Guess]> {
    const { memory, sources, calibration, hydra } = this.#from;
    const { candidates, chain = [], successor } = this.#state;
    const mask = this.#drafted();
    if (mask < 0) {
      yield [successor!, { kind: "successor", prior: belief(0.95) }];
    }
    const { ids = [], margins = [] } = candidates[mask] ?? {};
    for (const [rank, id] of ids.entries()) {
      yield [id, calibration.guess({ mask, rank, margin: margins[rank] })];
    }
    const step = this.#onChain ? chain[mask] : undefined;
    for (const [rank, id] of step?.ids.entries() ?? []) {
      const margin = step!.margins[rank];
      yield [id, hydra.guess({ mask, rank, margin })];
    }
    const copied = new Set<number>();
    const copies = this.#copies.toSorted((a, b) => b.length - a.length);
    for (const copy of copies) {
      const id = copy.from.at(copy.next);
      // Copies that agree are seldom independent: the longer run counts.
      if (id === undefined || copied.has(id)) continue;
      copied.add(id);
      yield [id, guessOf(copy)];
    }
    if (sources.has("recycle")) {
      const confidence = memory.successors.confidence(token);
      for (const [rank, id] of memory.successors.of(token).entries()) {
        yield [id, recycleGuess(rank, confidence)];
      }
    }
  }

  /** Joins two guesses at one token: a kind of its own. */
  #agree(one: Guess, other: Guess): Guess {
    const { memory: { acceptance } } = this.#from;
    const wrong = (1 - acceptance.chance(one)) * (1 - acceptance.chance(other));
    return {
      kind: `${one.kind}, ${other.kind}`,
      prior: belief(1 - wrong, AGREED),
    };
  }
}

/** A copy of the text, whose equal run has 2^(level - 1) tokens or more. */
function copyGuess(level: number): Guess {
  const chance = [0, 0.15, 0.4, 0.6, 0.8, 0.9][level] ?? 0.9;
  return { kind: `copy ${level}`, prior: belief(chance) };
}

/** A copy of the client's prediction, behind a run as in {@linkcode copyGuess}. */
function toldGuess(level: number): Guess {
  const chance = [0.4, 0.6, 0.8, 0.88][level] ?? 0.92;
  return { kind: `told ${level}`, prior: belief(chance) };
}

/** What came behind the same token before, the last time or so many times in a row. */
function recycleGuess(rank: number, confidence: number): Guess {
  const chance = [0.2, 0.08, 0.04, 0.03][rank] +
    (rank === 0 ? confidence / 8 : 0);
  return { kind: `recycle ${rank} ${confidence}`, prior: belief(chance) };
}

function belief(chance: number, tries = BELIEF): Estimate {
  return { hits: chance * tries, tries };
}
