/**
 * Log-likelihoods by PyTorch, which the server's are compared with.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("reference.py", import.meta.url));

/** The tokens of a text, and those that it goes on with. */
export type Pair = [context: number[], continuation: number[]];

/**
 * Returns the log-likelihood of each continuation.
 *
 * @param python a Python that has PyTorch.
 * @param model the model's file.
 * @param folder the folder of its converted weights.
 */
export async function likelihoods(
  pairs: readonly Pair[],
  { python, model, folder }: { python: string; model: string; folder: string },
): Promise<number[]> {
  const child = new Deno.Command(python, {
    args: [SCRIPT, model, folder],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = pairs.map((pair) => JSON.stringify(pair) + "\n").join("");
  const [, { success, stdout }] = await Promise.all([
    new Blob([lines]).stream().pipeTo(child.stdin),
    child.output(),
  ]);
  if (!success) throw new Error("Cannot run PyTorch: it must end with 0");
  return new TextDecoder().decode(stdout).trim().split("\n").map(Number);
}
