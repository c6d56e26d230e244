/**
 * The whole server with a tiny random model. What it says means nothing, but templates,
 * tools, grammars, seeds and streams work as with any model.
 *
 * @module
 */

import { writeTinyGguf } from "../toy/tiny_gguf.ts";
import {
  type Environment,
  type RunningServer,
  startServer,
} from "./_server.ts";

/** The id of the model. */
export const TINY = "tiny";

/** Starts it; disposing of it also removes its files. */
export async function startTinyServer(
  env: Environment = {},
): Promise<RunningServer> {
  const folder = await Deno.makeTempDir();
  const MODEL = `${folder}/${TINY}.gguf`;
  await writeTinyGguf(MODEL, { seed: 1, context: 4096 });
  const server = await startServer({ MODEL, CACHE_DIR: folder, ...env });
  return {
    ...server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
