/**
 * Serves prompts from damaged databases, in a process of its own, so that a test notices
 * if a database ends the process.
 *
 * Arguments are the folder of the databases and how many prompts they hold. Prints a
 * line of JSON, {@linkcode Damages}.
 *
 * @module
 */

import { plainText, promptOf, startToy } from "./_toy_cache.ts";

/** Tokens of the prompt of that number. */
export function storedPrompt(index: number): number[] {
  return promptOf(3 * 16 + 3, 100 + index);
}

/** Results of reading. */
export interface Damages {
  databases: number;
  /** Wrong answers. */
  wrong: number;
  /** Answers for which no block was found. */
  cold: number;
  answers: number;
  corrupt: number;
  /** Databases that were renamed. */
  aside: number;
}

if (import.meta.main) {
  const [folder, prompts] = Deno.args;
  const right = await Promise.all(
    Array.from(
      { length: Number(prompts) },
      (_, i) => plainText(storedPrompt(i)),
    ),
  );
  const found: Damages = {
    databases: 0,
    wrong: 0,
    cold: 0,
    answers: 0,
    corrupt: 0,
    aside: 0,
  };
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.endsWith(".sqlite"));
  for (const name of names) {
    using server = await startToy({ kv: `${folder}/${name}` });
    for (const [index, expected] of right.entries()) {
      const { tokens, cached } = await server.ask(storedPrompt(index));
      if (tokens.join() !== expected.join()) found.wrong++;
      if (cached === 0) found.cold++;
      found.answers++;
    }
    found.databases++;
    found.corrupt += server.cache.counters.corrupt;
  }
  found.aside = [...Deno.readDirSync(folder)]
    .filter(({ name }) => /\.corrupt-\d+$/.test(name)).length;
  console.log(JSON.stringify(found));
  Deno.exit();
}
