/**
 * The model port on ONNX Runtime: what is open, and so how large a pass may be.
 *
 * @module
 */

import type { Model, ModelShape, Step } from "../bita/decode/model.ts";
import type { Session } from "./backend.ts";
import type { OrtModelParts } from "./model_parts.ts";
import type { OrtOutput } from "./ort_output.ts";
import { OrtSequence } from "./ort_sequence.ts";
import { type FewRows, Passes } from "./passes.ts";
import { type TimedWork, Turns } from "./turns.ts";

/** Rows of passes of one sequence; wider ones take long to test. */
export const ROWS_ALONE = 64;

/** Slots that a fresh KV buffer has beyond the prompt, for a first answer. */
const ROOM = 128;

/** A model on one backend. */
export class OrtModel implements Model {
  /** Numbers of sequences that {@linkcode widen} can make a pass of, rising. */
  readonly batches: readonly number[];
  /** Is called after each run of a session. */
  onWork?: (work: TimedWork) => void;
  readonly #parts: OrtModelParts;
  readonly #turns: Turns;
  readonly #passes: Passes;
  #shape: ModelShape;
  /** Settles when the last body is open. */
  #opening: Promise<unknown> = Promise.resolve();

  constructor(parts: OrtModelParts) {
    const { backend, config, adapter, context, openDrafters } = parts;
    this.#parts = parts;
    this.#shape = {
      vocab: config.vocab,
      // Until then, masks would meet a body without their updates.
      masks: openDrafters && adapter.updates.length > 0 ? 0 : adapter.masks,
      softPrompt: adapter.softPrompt,
      maxRows: Math.min(backend.rows.max, ROWS_ALONE),
      maxSequences: 1,
      context,
    };
    this.batches = parts.batches;
    const onWork = (work: TimedWork) => this.onWork?.(work);
    const turns = this.#turns = new Turns({ now: parts.now, onWork });
    const openIdle = () => this.open(new Int32Array(1), { tokens: 1, room: 0 });
    this.#passes = new Passes({ ...parts, turns, openIdle });
    this.#addHydra(parts.hydra);
  }

  /** What it can do now; {@linkcode widen} makes passes larger. */
  get shape(): ModelShape {
    return this.#shape;
  }

  open(
    prompt: Int32Array,
    { tokens = this.#shape.context, room = ROOM }: {
      tokens?: number;
      room?: number;
    } = {},
  ): OrtSequence {
    const { backend, config } = this.#parts;
    // The last step may reach past the text.
    const { softPrompt } = this.#shape;
    const most = softPrompt + tokens + backend.rows.max;
    const slots = Math.min(most, softPrompt + prompt.length + room);
    const kv = backend.createKvBuffer(config, { slots, most });
    return new OrtSequence({ ...this.#parts, kv, prompt });
  }

  async run(steps: readonly Step[]): Promise<OrtOutput[]> {
    return await this.#passes.run(steps, this.#shape);
  }

  /**
   * Opens the body for passes of up to `sequences` sequences, more than before, and
   * uses it if `test` returns true. The test runs it as a model of its own, while
   * others' passes go on without it.
   *
   * @returns whether it is used.
   */
  async widen(
    sequences: number,
    test: (wider: Model) => Promise<boolean>,
  ): Promise<boolean> {
    const { openBatched } = this.#parts;
    this.#passes.add(
      sequences,
      await this.#opened(() => openBatched(sequences)),
    );
    const shape = {
      ...this.#shape,
      maxRows: this.#parts.backend.rows.max,
      maxSequences: sequences,
    };
    try {
      const isRight = await test(this.#as(shape));
      if (isRight) this.#shape = shape;
      return isRight;
    } finally {
      if (this.#shape !== shape) this.#passes.remove(sequences);
    }
  }

  /** Frees the memory of outputs that are no longer read; passes take it again. */
  freeOutputs(): void {
    this.#passes.freeOutputs();
  }

  /** Opens what drafts, if that was left for later, and uses it if `test` returns true. */
  async addDrafters(
    test: (drafting: Model) => Promise<boolean>,
  ): Promise<boolean> {
    const { openDrafters, adapter } = this.#parts;
    if (!openDrafters) return true;
    const { maskBody, hydra } = await this.#opened(openDrafters);
    this.#passes.maskBody = maskBody;
    const shape = { ...this.#shape, masks: adapter.masks };
    if (!await test(this.#as(shape))) return false;
    this.#shape = shape;
    this.#addHydra(hydra);
    return true;
  }

  /**
   * Opens the body for few rows, if there is one, and uses it if `test` returns true. If a
   * single row fails the test, it is computed twice from then on, and the test repeated.
   *
   * @returns whether it can be relied on, or is not missed.
   */
  async addFew(test: (few: Model) => Promise<boolean>): Promise<boolean> {
    const { few: part, backend } = this.#parts;
    if (!part) return true;
    const { open, most, from } = part;
    const session = await this.#opened(open);
    for (const least of [1, backend.rows.min]) {
      if (least > most) return true;
      const few = { session, least, most, from: 0 };
      if (!await test(this.#as(this.#shape, few))) continue;
      this.#passes.few = { ...few, from };
      return true;
    }
    return false;
  }

  /** Opens a part; closing the model waits for it. */
  async #opened<T>(open: () => Promise<T>): Promise<T> {
    this.#turns.checkOpen();
    const opening = open();
    this.#opening = opening.catch(() => {}); // the caller gets the failure
    return await opening;
  }

  /** Returns this model as others do not use it yet. */
  #as(shape: ModelShape, few?: FewRows): Model {
    return {
      shape,
      open: (prompt, options) => this.open(prompt, options),
      run: (steps) => this.#passes.run(steps, shape, few),
    };
  }

  #addHydra(hydra: Session | undefined): void {
    const { adapter, config: { dim } } = this.#parts;
    if (!hydra || !adapter.hydra) return;
    const { vocab: draftVocab } = adapter.hydra;
    const own = { hydra, turns: this.#turns, dim, words: draftVocab.length };
    this.#passes.hydra = { ...this.#parts, ...own };
    this.#shape = { ...this.#shape, draftVocab };
  }

  /** Refuses passes, and frees what is open once the running one has ended. */
  async close(): Promise<void> {
    await this.#turns.end();
    await this.#opening;
    const { backend, embedding } = this.#parts;
    embedding[Symbol.dispose]();
    await backend.close();
  }
}
