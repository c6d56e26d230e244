/**
 * Tests all passes of a model, as a server does one kind after the other.
 *
 * @module
 */

import { SelfTest } from "../../lib/bita/cost/self_test.ts";
import type { Model } from "../../lib/bita/decode/model.ts";

/** Returns whether a row has the same bits in all passes. */
export async function isInvariant(model: Model): Promise<boolean> {
  using test = new SelfTest(model);
  return await test.isExactAlone() && await test.isExactTogether(model);
}
