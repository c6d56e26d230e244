/**
 * Keeps a full disk from locking the cache out: SQLite needs space even to delete. A
 * file of ballast can be thrown off, and below some free space nothing is written.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { statfsSync } from "node:fs";

const MIB = 1 << 20;

/** How much is held back. */
export interface DiskGuardOptions {
  /** @default 16 MiB */
  ballastBytes?: number;
  /** Free bytes below which nothing is written. @default 64 MiB */
  floorBytes?: number;
}

/** Watches the disk of one folder. */
export class DiskGuard {
  readonly #folder: string;
  readonly #ballastBytes: number;
  readonly #floorBytes: number;

  /** Watches the disk that holds `folder`, which must exist. */
  constructor(
    folder: string,
    { ballastBytes = 16 * MIB, floorBytes = 64 * MIB }: DiskGuardOptions = {},
  ) {
    this.#folder = folder;
    this.#ballastBytes = ballastBytes;
    this.#floorBytes = floorBytes;
  }

  /**
   * Tells whether more may be written.
   *
   * @throws {Deno.errors.NotCapable} if nobody may ask.
   */
  hasRoom(): boolean {
    try {
      const { bavail, bsize } = statfsSync(this.#folder);
      return bavail * bsize >= this.#floorBytes;
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      return false;
    }
  }

  /** Takes ballast aboard, where there is room for it. */
  async load(): Promise<void> {
    if (!this.hasRoom() || await this.#hasBallast()) return;
    // Random bytes take their room on a disk that compresses, too.
    const bytes = randomBytes(this.#ballastBytes);
    await Deno.writeFile(this.#ballast, bytes).catch(() => this.drop());
  }

  /** Throws the ballast off. */
  async drop(): Promise<void> {
    await Deno.remove(this.#ballast).catch(() => {});
  }

  get #ballast(): string {
    return `${this.#folder}/ballast`;
  }

  async #hasBallast(): Promise<boolean> {
    const file = await Deno.stat(this.#ballast).catch(() => undefined);
    return file?.size === this.#ballastBytes;
  }
}

/** Tells whether a failure means that the disk is full. */
export function isDiskFull(error: unknown): boolean {
  return /disk is full|no space left/i.test(String(error));
}
