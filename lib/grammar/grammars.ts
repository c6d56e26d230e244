/**
 * The grammars of a model in its worker. Each is compiled once and then copied for each
 * text. The engine comes opened, and grammars that take long to compile come compiled,
 * so that no other text waits for that.
 *
 * @module
 */

import { GrammarConstraint } from "./constraint.ts";
import type { Grammar } from "./grammar.ts";
import { type GrammarImage, Llguidance } from "./llguidance.ts";
import { GrammarError, type Matcher } from "./matcher.ts";
import { toSource } from "./notation.ts";
import type { GrammarVocabulary } from "./vocabulary.ts";

/** Compiled grammars that are kept: those of one engine, and those with their own. */
const MOST_COMPILED = 32, MOST_IMAGES = 4;

/** Bytes of memory after which the engine starts anew. */
const MOST_BYTES = 512 * 2 ** 20;

/** An engine, and what it has compiled. */
interface Opened {
  llguidance: Llguidance;
  /** Matchers at their start, by grammar, the least recently used first. */
  compiled: Map<string, Matcher>;
}

/** Compiles grammars for one model. */
export class Grammars {
  readonly #read: () => Promise<GrammarVocabulary>;
  #vocabulary: Promise<GrammarVocabulary> | undefined;
  #opened: Promise<Opened> | undefined;
  /** Engines of one grammar each, the least recently used first. */
  readonly #restored = new Map<string, Promise<Opened>>();

  /** @param read reads the model's vocabulary, once, when there is a first grammar. */
  constructor(read: () => Promise<GrammarVocabulary>) {
    this.#read = read;
  }

  /**
   * Returns a constraint for one text, which the caller disposes of.
   *
   * @param image an engine for the grammar; without it, one is opened here.
   * @throws {GrammarError} if the grammar cannot be compiled.
   */
  async constraint(
    grammar: Grammar,
    image?: GrammarImage,
  ): Promise<GrammarConstraint> {
    const vocabulary = await this.#tokens();
    const key = JSON.stringify(grammar);
    const opened = image?.matcher === undefined
      ? await this.#engine(image)
      : await this.#restore(key, image);
    const matcher = begin(grammar, key, opened);
    // Texts at work keep the engine that they have; memory is freed with the last.
    if (opened.llguidance.bytes > MOST_BYTES) {
      if (image?.matcher === undefined) this.#opened = undefined;
      else this.#restored.delete(key);
    }
    return new GrammarConstraint(matcher, vocabulary);
  }

  #tokens(): Promise<GrammarVocabulary> {
    return this.#vocabulary ??= this.#read();
  }

  /** Returns an engine that can be relied on, a new one if the last no longer can. */
  async #engine(image?: GrammarImage): Promise<Opened> {
    const opening = this.#opened ??= image ? restore("", image) : this.#open();
    const opened = await opening.catch((error) => {
      if (this.#opened === opening) this.#opened = undefined;
      throw error;
    });
    if (opened.llguidance.isSound) return opened;
    if (this.#opened === opening) this.#opened = undefined;
    return await this.#engine(image);
  }

  async #open(): Promise<Opened> {
    const { bytes } = await this.#tokens();
    const llguidance = await Llguidance.open(bytes);
    return { llguidance, compiled: new Map() };
  }

  /** Returns the engine of an image, a new one if the last can't be relied on. */
  async #restore(key: string, image: GrammarImage): Promise<Opened> {
    const restoring = this.#restored.get(key) ?? restore(key, image);
    this.#restored.delete(key);
    this.#restored.set(key, restoring);
    const [oldest] = this.#restored.keys();
    if (this.#restored.size > MOST_IMAGES) this.#restored.delete(oldest);
    const opened = await restoring.catch((error) => {
      if (this.#restored.get(key) === restoring) this.#restored.delete(key);
      throw error;
    });
    if (opened.llguidance.isSound) return opened;
    if (this.#restored.get(key) === restoring) this.#restored.delete(key);
    return await this.#restore(key, image);
  }
}

async function restore(
  key: string,
  { engine, matcher }: GrammarImage,
): Promise<Opened> {
  const llguidance = await Llguidance.restore(engine);
  const compiled = new Map<string, Matcher>();
  if (matcher !== undefined) compiled.set(key, llguidance.matcher(matcher));
  return { llguidance, compiled };
}

/** Returns a matcher at its start. */
function begin(grammar: Grammar, key: string, opened: Opened): Matcher {
  try {
    return compiledIn(opened, grammar, key).clone();
  } catch (cause) {
    throw new GrammarError(
      `Cannot follow the grammar: it must be less work to compile: received ${
        (cause as Error).message
      }`,
      { cause },
    );
  }
}

function compiledIn(
  { llguidance, compiled }: Opened,
  grammar: Grammar,
  key: string,
): Matcher {
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
