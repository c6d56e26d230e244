/**
 * That a model has passed the self-test on this machine. A later start need not wait for
 * the test if its probe pass has the bits of then; it repeats the test while it serves.
 *
 * @module
 */

import { type NotePlace, readNote, removeNote, writeNote } from "./notes.ts";

/** A self-test that an earlier process may have passed. */
export class KnownProof {
  readonly #place: NotePlace;
  readonly #subject: { fingerprint: string; context: number };

  /**
   * @param subject.fingerprint names the model as it runs, by its bits among others.
   * @param subject.context is the tokens of a text, on which the test depends.
   */
  constructor(
    place: NotePlace,
    subject: { fingerprint: string; context: number },
  ) {
    this.#place = place;
    this.#subject = subject;
  }

  /** Returns whether it was passed. */
  async isKnown(): Promise<boolean> {
    const { fingerprint, context } = this.#subject;
    const note = await readNote("proof", this.#place);
    return note?.fingerprint === fingerprint && note.context === context;
  }

  /** Notes that it was passed. */
  async note(): Promise<void> {
    await writeNote("proof", this.#place, this.#subject);
  }

  /** Removes the note. */
  async forget(): Promise<void> {
    await removeNote("proof", this.#place);
  }
}
