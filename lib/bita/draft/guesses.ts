/**
 * What may come next, from every drafter at once: mask rows, a Hydra head, copies of
 * the text so far and of the request's prediction, and what followed the same token
 * before. Under a grammar, the tokens that it forces come first, and what it refuses is
 * no guess.
 *
 * @module
 */

import type { Constraint } from "../choose/constraint.ts";
import type { TopK } from "../choose/top_k.ts";
import {
  type Acceptance,
  type Drafter,
  guessed,
  type Kind,
  kindOf,
} from "./acceptance.ts";
import type { Calibration } from "./calibration.ts";
import type { ConditionalHead } from "./conditional_head.ts";
import type { MaskWorth } from "./mask_worth.ts";
import type { Match, NgramIndex } from "./ngram_index.ts";
import type { PlanState } from "./planner.ts";
import type { Prediction } from "./prediction.ts";
import type { SuccessorTable } from "./successors.ts";

/** What is learned over several texts. */
export interface DraftMemory {
  acceptance: Acceptance;
  successors: SuccessorTable;
  maskWorth: MaskWorth;
}

/** A possible next token. */
export interface Guess {
  token: number;
  kind: Kind;
  /** The chance that it is accepted, given that its parent is. */
  chance: number;
}

/** The guesses of a depth, the likeliest first and at least one. */
export interface Level {
  /** The chance that the likeliest path to here is accepted. */
  reach: number;
  guesses: Guess[];
}

/** Where guesses are read from. */
export interface GuessSources {
  memory: DraftMemory;
  drafters: ReadonlySet<Drafter>;
  index: NgramIndex;
  /** Copied from like the text itself. */
  prediction?: Prediction | undefined;
  /** How often guesses of mask rows are accepted, reranked if there is a head for it. */
  calibration: Calibration;
  /** Reranks the guesses of mask rows. */
  conditional?: ConditionalHead | undefined;
  /** How often guesses of the Hydra head are accepted. */
  hydra: Calibration;
  /** What the text must look like. */
  constraint?: Constraint | undefined;
}

/** The row of an accepted sibling nearly always predicts what the root's will. */
const SUCCESSOR = kindOf("successor", 0, guessed(0.95));

/** A forced token is chosen whatever the logits are. */
const FORCED = kindOf("grammar", 0, guessed(0.999, 200));

/** By how often the equal run before the copy has doubled. */
const COPY_CHANCES = {
  ngram: [0, 0.15, 0.4, 0.6, 0.8, 0.9],
  prediction: [0.4, 0.6, 0.8, 0.88, 0.92],
};

/** By how recently the token followed, 0 being the last time. */
const RECYCLE_CHANCES = [0.2, 0.08, 0.04, 0.03];

/** A place to copy from: where it goes on, and the equal tokens before it. */
interface Copy extends Match {
  from: Pick<NgramIndex | Prediction, "at">;
  drafter: keyof typeof COPY_CHANCES;
}

/** Lists the kinds of guesses that copies make at the end of the text. */
export function copyKinds(from: GuessSources): Kind[] {
  return copies(from).map(copyKind);
}

/**
 * Lists what may follow the root, down the likeliest path, for as long as there are
 * guesses.
 */
export function* levels(
  state: PlanState,
  from: GuessSources,
): Generator<Level, void> {
  const path = new Path(state, from);
  let token = state.root, reach = 1;
  for (;;) {
    const guesses = path.guesses(token);
    if (guesses.length === 0) return;
    yield { reach, guesses };
    const [best] = guesses;
    reach *= best.chance;
    token = best.token;
    path.step(token);
  }
}

/** Lists the places whose tokens before them are those at the end of the text. */
function copies({ drafters, prediction, index }: GuessSources): Copy[] {
  const found: Copy[] = [];
  if (drafters.has("prediction") && prediction?.match) {
    const { match } = prediction;
    found.push({ ...match, from: prediction, drafter: "prediction" });
  }
  if (drafters.has("ngram") && index.match) {
    found.push({ ...index.match, from: index, drafter: "ngram" });
  }
  return found;
}

/** Returns the kind of guess that a copy makes. */
function copyKind({ length, drafter }: Copy): Kind {
  const chances = COPY_CHANCES[drafter];
  const level = Math.ceil(Math.log2(length + 1));
  return kindOf(drafter, level, guessed(chances[level] ?? chances.at(-1)!));
}

/** The likeliest path so far, and what may follow it. */
class Path {
  readonly #state: PlanState;
  readonly #from: GuessSources;
  /** Its tokens, after the root. */
  readonly #tokens: number[] = [];
  /** Places whose tokens the path has followed so far. */
  #copies: Copy[];
  /** Whether the path has followed the Hydra head's best guesses so far. */
  #followsHydra = true;

  constructor(state: PlanState, from: GuessSources) {
    this.#state = state;
    this.#from = from;
    this.#copies = copies(from);
  }

  /** Goes on to a token. */
  step(token: number): void {
    const { successor, hydra = [] } = this.#state;
    const drafted = this.#drafted();
    const best = drafted < 0 ? successor : hydra[drafted]?.ids[0];
    this.#followsHydra &&= token === best;
    this.#copies = this.#copies
      .filter(({ from, next }) => from.at(next) === token)
      .map((copy) => (
        { ...copy, next: copy.next + 1, length: copy.length + 1 }
      ));
    this.#tokens.push(token);
  }

  /** Lists what may follow `token`, the likeliest first. */
  guesses(token: number): Guess[] {
    const { memory: { acceptance }, constraint } = this.#from;
    const forced = constraint?.forced()[this.#tokens.length];
    if (forced !== undefined) {
      const chance = acceptance.chance(FORCED);
      return [{ token: forced, kind: FORCED, chance }];
    }
    const found = new Map<number, Kind>();
    for (const [guess, kind] of this.#proposals(token)) {
      const other = found.get(guess);
      found.set(guess, other ? acceptance.agreed(other, kind) : kind);
    }
    const listed = this.#hydraStep()?.ids;
    return [...found].filter(([token]) =>
      constraint?.allows(this.#tokens, token) ?? true
    ).map(([token, agreed]) => {
      const isListed = !listed || listed.includes(token);
      const kind = isListed ? agreed : acceptance.unlisted(agreed);
      return { token, kind, chance: acceptance.chance(kind) };
    }).sort((a, b) => b.chance - a.chance);
  }

  /** Which mask and which step of the Hydra head guess here; -1 before the first. */
  #drafted(): number {
    const { successor } = this.#state;
    const depth = this.#tokens.length;
    return successor === undefined ? depth : depth - 1;
  }

  /** Returns the Hydra head's guesses for here, if the path has followed it. */
  #hydraStep(): TopK | undefined {
    return this.#followsHydra
      ? this.#state.hydra?.[this.#drafted()]
      : undefined;
  }

  /** Lists every drafter's guesses after `token`. */
  *#proposals(token: number): Generator<[token: number, kind: Kind]> {
    const { memory, drafters, calibration, conditional, hydra } = this.#from;
    const { candidates, successor } = this.#state;
    const mask = this.#drafted();
    if (mask < 0) yield [successor!, SUCCESSOR];
    const row = candidates[mask];
    const masked = row && conditional?.rerank(row, { mask, before: token });
    yield* rowProposals(masked ?? row, calibration);
    yield* rowProposals(this.#hydraStep(), hydra);
    const copied = new Set<number>();
    for (const copy of this.#copies.toSorted((a, b) => b.length - a.length)) {
      const id = copy.from.at(copy.next);
      // Copies that agree are seldom independent: the longer run counts.
      if (id === undefined || copied.has(id)) continue;
      copied.add(id);
      yield [id, copyKind(copy)];
    }
    if (!drafters.has("recycle")) return;
    const confidence = memory.successors.confidence(token);
    for (const [rank, id] of memory.successors.of(token).entries()) {
      const bonus = rank === 0 ? confidence / 8 : 0;
      const prior = guessed(RECYCLE_CHANCES[rank] + bonus);
      yield [id, kindOf("recycle", rank * 4 + confidence, prior)];
    }
  }
}

/** Lists the guesses of a mask's row, or of a step of the Hydra head, if there is one. */
function* rowProposals(
  row: TopK | undefined,
  by: Calibration,
): Generator<[token: number, kind: Kind]> {
  for (const [rank, id] of row?.ids.entries() ?? []) {
    yield [id, by.kind(row!.shares[rank])];
  }
}
