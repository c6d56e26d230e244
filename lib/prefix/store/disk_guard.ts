/**
 * Keeps a full disk from locking up the cache: SQLite needs space even to delete. Below
 * some free space nothing is written, and a ballast file can be removed to make room.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { statfsSync } from "node:fs";

const MIB = 1 << 20;

/** How much space is held back. */
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
   * Returns whether more may be written.
   *
   * @throws {Deno.errors.NotCapable} if the process may not look.
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

  /** Creates the ballast, if there is room for it. */
  async addBallast(): Promise<void> {
    const old = await Deno.stat(this.#ballast).catch(() => undefined);
    if (!this.hasRoom() || old?.size === this.#ballastBytes) return;
    // Random bytes take their room on a disk that compresses, too.
    const bytes = randomBytes(this.#ballastBytes);
    await Deno.writeFile(this.#ballast, bytes)
      .catch(() => this.dropBallast());
  }

  /** Removes the ballast. */
  async dropBallast(): Promise<void> {
    await Deno.remove(this.#ballast).catch(() => {});
  }

  get #ballast(): string {
    return `${this.#folder}/ballast`;
  }
}

/** Returns whether a failure means that the disk is full. */
export function isDiskFull(error: unknown): boolean {
  return /disk is full|no space left/i.test(String(error));
}
