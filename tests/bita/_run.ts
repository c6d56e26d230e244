/**
 * Reads what decoders say, as a caller with a stop string would.
 *
 * @module
 */

import type { Burst } from "../../lib/bita/decode/burst.ts";

/** What came of a decoding. */
export interface Outcome {
  tokens: number[];
  finish: string | undefined;
  bursts: Burst[];
}

/** Writes a token as text: few letters, so that stop strings come up. */
export function letter(token: number): string {
  return "abcd"[token % 4];
}

/** Reads bursts until they end, or leaves at a stop string. */
export async function run(
  decoding: AsyncGenerator<Burst>,
  stop?: string,
): Promise<Outcome> {
  const tokens: number[] = [];
  const bursts: Burst[] = [];
  let text = "";
  for await (const burst of decoding) {
    bursts.push(burst);
    for (const token of burst.tokens) {
      tokens.push(token);
      text += letter(token);
      if (stop && text.endsWith(stop)) {
        return { tokens, finish: "stop string", bursts };
      }
    }
  }
  return { tokens, finish: bursts.at(-1)!.finish, bursts };
}
