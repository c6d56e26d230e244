/**
 * Reads what decoders say, as a caller with a stop string would.
 *
 * @module
 */

import type { DecodeOutput } from "../../lib/bita/decode/output.ts";

/** What came of a decoding. */
export interface Outcome {
  tokens: number[];
  finish: string | undefined;
  outputs: DecodeOutput[];
}

/** Writes a token as text: few letters, so that stop strings come up. */
export function letter(token: number): string {
  return "abcd"[token % 4];
}

/** Reads outputs until they end, or leaves at a stop string. */
export async function run(
  decoding: AsyncGenerator<DecodeOutput>,
  stop?: string,
): Promise<Outcome> {
  const tokens: number[] = [];
  const outputs: DecodeOutput[] = [];
  let text = "";
  for await (const output of decoding) {
    outputs.push(output);
    for (const token of output.tokens) {
      tokens.push(token);
      text += letter(token);
      if (stop && text.endsWith(stop)) {
        return { tokens, finish: "stop string", outputs };
      }
    }
  }
  return { tokens, finish: outputs.at(-1)!.finish, outputs };
}
