/**
 * A model with the passes that a server has for a text alone.
 *
 * @module
 */

import type { OrtModel } from "../../lib/runtime/ort_model.ts";
import {
  addFew,
  checkModel,
  type ModelCheck,
} from "../../lib/worker/opening/check_model.ts";

/** Tests and times a model, and makes its passes of few rows faster. */
export async function asServed(
  model: OrtModel,
): Promise<Pick<ModelCheck, "cost" | "invariant">> {
  using check = await checkModel(model);
  if (check.invariant) await addFew(model, check);
  return check;
}
