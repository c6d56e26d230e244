/**
 * The grammars of a model in its worker. The engine opens with the first one; each is
 * compiled once and then copied for each text.
 *
 * @module
 */

import { GrammarConstraint } from "./constraint.ts";
import type { Grammar } from "./grammar.ts";
import { GrammarError, Llguidance, type Matcher } from "./llguidance.ts";
import { toSource } from "./notation.ts";
import type { GrammarVocabulary } from "./vocabulary.ts";

/** Compiled grammars that are kept. */
const MOST_COMPILED = 32;

/** Bytes of memory after which the engine starts anew. */
const MOST_BYTES = 512 * 2 ** 20;

/** The engine, and what it has compiled. */
interface Opened {
  llguidance: Llguidance;
  vocabulary: GrammarVocabulary;
  /** Matchers at their start, by grammar, the least recently used first. */
  compiled: Map<string, Matcher>;
}

/** Compiles grammars for one model. */
export class Grammars {
  readonly #read: () => Promise<GrammarVocabulary>;
  #vocabulary: Promise<GrammarVocabulary> | undefined;
  #opened: Promise<Opened> | undefined;

  /** @param read reads the model's vocabulary, once, when there is a first grammar. */
  constructor(read: () => Promise<GrammarVocabulary>) {
    this.#read = read;
  }

  /**
   * Returns a constraint for one text, which the caller disposes of.
   *
   * @throws {GrammarError} if the grammar cannot be compiled.
   */
  async constraint(grammar: Grammar): Promise<GrammarConstraint> {
    const opened = await this.#engine();
    const matcher = this.#begin(grammar, opened);
    // Texts at work keep the engine that they have; memory is freed with the last.
    if (opened.llguidance.bytes > MOST_BYTES) this.#opened = undefined;
    return new GrammarConstraint(matcher, opened.vocabulary);
  }

  /** Returns an engine that can be relied on, a new one if the last no longer can. */
  async #engine(): Promise<Opened> {
    const opening = this.#opened ??= this.#open();
    const opened = await opening;
    if (opened.llguidance.isSound) return opened;
    if (this.#opened === opening) this.#opened = undefined;
    return await this.#engine();
  }

  async #open(): Promise<Opened> {
    const vocabulary = await (this.#vocabulary ??= this.#read());
    const llguidance = await Llguidance.open(vocabulary.bytes);
    return { llguidance, vocabulary, compiled: new Map() };
  }

  /** Returns a matcher at its start. */
  #begin(grammar: Grammar, opened: Opened): Matcher {
    try {
      return this.#compiled(grammar, opened).clone();
    } catch (cause) {
      throw new GrammarError(
        `Cannot follow the grammar: it must be less work to compile: received ${
          (cause as Error).message
        }`,
        { cause },
      );
    }
  }

  #compiled(grammar: Grammar, { llguidance, compiled }: Opened): Matcher {
    const key = JSON.stringify(grammar);
    const { notation, data } = toSource(grammar);
    const matcher = compiled.get(key) ?? llguidance.compile(notation, data);
    compiled.delete(key);
    compiled.set(key, matcher);
    if (compiled.size > MOST_COMPILED) {
      const [[oldest, unused]] = compiled;
      compiled.delete(oldest);
      unused[Symbol.dispose]();
    }
    return matcher;
  }
}
