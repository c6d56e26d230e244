/**
 * The parameters that decide how each token is chosen.
 *
 * @module
 */

import { z } from "zod";
import type { Sampling } from "../../../bita/choose/sampling.ts";
import { badRequest } from "../../bad_request.ts";
import { integerFrom, isObject, numberFrom } from "../../fields.ts";

const SEED = "must be an integer of at most 64 bits";
const BIAS = "must be a number from -100 to 100";
const BIASES = "must be an object of token ids and numbers";

/** The next number after 2 ** 63, to which somewhat larger integers are rounded. */
const BEYOND = 2 ** 63 + 2048;

/** The smallest `top_p`: it keeps the most likely token alone, as 0 means. */
const LEAST_TOP_P = Number.EPSILON;

/** The shape of the parameters. */
export const samplingFields = {
  temperature: numberFrom(0, 2),
  top_p: numberFrom(0, 1),
  top_k: z.preprocess((value) => value === -1 ? 0 : value, integerFrom(0))
    .meta({ anyOf: [{ type: "integer", minimum: -1 }, { type: "null" }] }),
  min_p: numberFrom(0, 1),
  repetition_penalty: numberFrom(0.1, 10),
  presence_penalty: numberFrom(-2, 2),
  frequency_penalty: numberFrom(-2, 2),
  logit_bias: z.preprocess(
    // PHP writes an empty object as an empty array.
    (value) => Array.isArray(value) && value.length === 0 ? {} : value,
    z.custom<Record<string, number>>(isObject, BIASES)
      .superRefine(checkBiases).meta({
        type: "object",
        propertyNames: { pattern: "^[0-9]{1,9}$" },
        additionalProperties: { type: "number", minimum: -100, maximum: 100 },
      }).nullish(),
  ),
  seed: z.number(SEED).refine(isInt64, SEED)
    .meta({ type: "integer", minimum: -BEYOND, maximum: BEYOND }).nullish(),
};

/**
 * Returns how tokens are chosen.
 *
 * @param randomSeed returns the seed of a request without one, or with -1.
 * @throws {ApiError} 400 if `logit_bias` has a key that is no token id.
 */
export function toSampling(
  body: z.infer<z.ZodObject<typeof samplingFields>>,
  randomSeed: () => number,
): Sampling {
  const { seed } = body;
  return {
    temperature: body.temperature ?? 1,
    topP: Math.max(body.top_p ?? 1, LEAST_TOP_P),
    topK: body.top_k ?? 0,
    minP: body.min_p ?? 0,
    repetitionPenalty: body.repetition_penalty ?? 1,
    presencePenalty: body.presence_penalty ?? 0,
    frequencyPenalty: body.frequency_penalty ?? 0,
    logitBias: toLogitBias(body.logit_bias ?? {}),
    seed: seed == null || seed === -1 ? randomSeed() : fold(seed),
  };
}

function toLogitBias(biases: Record<string, number>): Map<number, number> {
  return new Map(
    Object.entries(biases).map(([id, bias]) => {
      if (/^\d{1,9}$/.test(id)) return [Number(id), bias];
      throw badRequest("logit_bias", {
        must: "must have token ids as its keys",
        received: id,
      });
    }),
  );
}

/** Folds 64 bits to 32, so that both halves count and a small seed stays itself. */
function fold(seed: number): number {
  const bits = BigInt.asUintN(64, BigInt(seed));
  return Number(BigInt.asUintN(32, bits ^ (bits >> 32n)));
}

/** Checks the numbers; a schema for each takes ten times as long. */
function checkBiases(
  biases: Record<string, unknown>,
  context: z.RefinementCtx,
): void {
  for (const [id, bias] of Object.entries(biases)) {
    if (typeof bias === "number" && Math.abs(bias) <= 100) continue;
    const path = [id];
    context.addIssue({ code: "custom", path, message: BIAS, input: bias });
    return;
  }
}

function isInt64(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) <= 2 ** 63;
}
