/**
 * What may come next, from every source at once: mask rows, a Hydra head, copies of
 * the text so far and of what the client predicted, and what came behind the same token
 * before.
 *
 * @module
 */

import type { Acceptance, Guess } from "./acceptance.ts";
import {
  agreed,
  copyGuess,
  recycleGuess,
  SUCCESSOR,
  toldGuess,
  unlisted,
} from "./beliefs.ts";
import type { Calibration } from "./calibration.ts";
import type { MaskWorth } from "./mask_worth.ts";
import type { Match, NgramIndex } from "./ngram_index.ts";
import type { PlanState } from "./planner.ts";
import type { Prediction } from "./prediction.ts";
import type { SuccessorTable } from "./successors.ts";
import type { TopK } from "../choose/top_k.ts";

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
      found.set(guess, other ? agreed(other, proposal, acceptance) : proposal);
    }
    const listed = this.#chainStep()?.ids;
    return [...found].map(([token, guess]) => {
      const one = !listed || listed.includes(token)
        ? guess
        : unlisted(guess, acceptance);
      return { token, ...one, chance: acceptance.chance(one) };
    }).sort((a, b) => b.chance - a.chance);
  }

  /** Which mask and step of the chain guess here; -1 before the first. */
  #drafted(): number {
    const { successor } = this.#state;
    return successor === undefined ? this.#depth : this.#depth - 1;
  }

  /** Gives the step of the chain that guesses here, if the path has followed it. */
  #chainStep(): TopK | undefined {
    return this.#onChain ? this.#state.chain?.[this.#drafted()] : undefined;
  }

  /** Lists every source's guesses behind `token`. */
  *#guesses(token: number): Generator<[token: number, guess: Guess]> {
    const { memory, sources, calibration, hydra } = this.#from;
    const { candidates, successor } = this.#state;
    const mask = this.#drafted();
    if (mask < 0) yield [successor!, SUCCESSOR];
    yield* rowGuesses(candidates[mask], calibration);
    yield* rowGuesses(this.#chainStep(), hydra);
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
}

/** Lists the guesses of a mask's row, or of a step of the Hydra head, if there is one. */
function* rowGuesses(
  row: TopK | undefined,
  by: Calibration,
): Generator<[token: number, guess: Guess]> {
  for (const [rank, id] of row?.ids.entries() ?? []) {
    yield [id, by.guess(row!.shares[rank])];
  }
}
