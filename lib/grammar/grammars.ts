/**
 * The grammars of a model in its worker. The engine opens with the first one; each is
 * compiled once and then copied for each text.
 *
 * @module
 */

import { GrammarConstraint } from "./constraint.ts";
import type { Grammar } from "./grammar.ts";
import { Llguidance, type Matcher } from "./llguidance.ts";
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
   * @throws {SyntaxError} if the grammar is refused.
   */
  async constraint(grammar: Grammar): Promise<GrammarConstraint> {
    const opened = await (this.#opened ??= this.#open());
    const matcher = this.#compiled(grammar, opened).clone();
    // Texts at work keep the engine that they have; memory is freed with the last.
    if (opened.llguidance.bytes > MOST_BYTES) this.#opened = undefined;
    return new GrammarConstraint(matcher, opened.vocabulary);
  }

  async #open(): Promise<Opened> {
    const vocabulary = await (this.#vocabulary ??= this.#read());
    const llguidance = await Llguidance.open(vocabulary.bytes);
    return { llguidance, vocabulary, compiled: new Map() };
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
