/**
 * The finished parts of a long benchmark, in a file, so that a second start goes on
 * after the last of them.
 *
 * @module
 */

/** What a part depends on; parts of different setups are never in one report. */
export interface Setup {
  /** The commit of this checkout. */
  commit: string;
  /** The hardware. */
  device: string;
  /** The model and its graphs. */
  model: string;
  /** How much is measured. */
  sizes: unknown;
}

/** Finished parts by name, in a file of JSON. */
export class Parts {
  readonly #path: string;
  readonly #setup: string;
  readonly #finished: Record<string, unknown>;

  private constructor(
    path: string,
    setup: string,
    finished: Record<string, unknown>,
  ) {
    this.#path = path;
    this.#setup = setup;
    this.#finished = finished;
  }

  /**
   * Opens the file, which need not exist. Parts of another setup are left out, and so
   * are those of a checkout with changes, which its commit does not name.
   */
  static async open(path: string, setup: Setup): Promise<Parts> {
    const text = JSON.stringify(setup);
    const known = await readJson(path);
    const isNamed = /^[0-9a-f]+$/.test(setup.commit);
    const isSame = isNamed && JSON.stringify(known?.setup) === text;
    return new Parts(path, text, isSame ? known!.finished : {});
  }

  /** Names of the finished parts. */
  get names(): string[] {
    return Object.keys(this.#finished);
  }

  /** Returns a finished part, or measures and keeps it. */
  async take<T>(name: string, measure: () => Promise<T>): Promise<T> {
    if (Object.hasOwn(this.#finished, name)) return this.#finished[name] as T;
    const part = await measure();
    this.#finished[name] = part;
    const setup = JSON.parse(this.#setup);
    const whole = JSON.stringify({ setup, finished: this.#finished });
    // A file is replaced whole, also if this process is ended meanwhile.
    await Deno.writeTextFile(`${this.#path}.partial`, whole);
    await Deno.rename(`${this.#path}.partial`, this.#path);
    return part;
  }

  /** Removes the file, so that the next start measures anew. */
  async end(): Promise<void> {
    await Deno.remove(this.#path);
  }
}

/** Reads what {@linkcode Parts.take} has written; nothing of what is no such file. */
async function readJson(
  path: string,
): Promise<{ setup: Setup; finished: Record<string, unknown> } | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
