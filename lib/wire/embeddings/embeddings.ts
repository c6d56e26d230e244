/**
 * Embeddings as OpenAI has them: a request for the vectors of texts, and the reply.
 *
 * @module
 */

import { z } from "zod";
import type { Embedded } from "../../engine/embed/embedder.ts";
import { badRequest } from "../bad_request.ts";
import { integerWithin, isTokenId, tokenId } from "../fields.ts";
import { readBody } from "../read_body.ts";

/** The most texts of a request. */
const MOST_TEXTS = 256;

const INPUT =
  `must be a string, an array of token ids, or an array of 1 to ${MOST_TEXTS} of these`;
const FORMAT = 'must be "float" or "base64"';
const tokens = z.array(tokenId(INPUT)).min(1, INPUT);

/** The body of a request. */
export const embeddingsBody = z.object({
  model: z.string("must be the name of a model").nullish(),
  input: z.union([
    z.string(),
    tokens,
    z.array(z.union([z.string(), tokens])).min(1, INPUT).max(MOST_TEXTS, INPUT),
  ], INPUT),
  dimensions: integerWithin(1, 65_536),
  encoding_format: z.enum(["float", "base64"], FORMAT).nullish(),
}, "must be a JSON object");

/** A request for vectors. */
export interface EmbeddingsRequest {
  /** Name of the model; empty if there is none. */
  model: string;
  texts: (string | number[])[];
  /** Numbers of a vector; all of them unless given. */
  dimensions?: number | undefined;
  base64: boolean;
}

/**
 * Reads the JSON text of a request.
 *
 * @throws {ApiError} 400 that names the parameter at fault.
 */
export function parseEmbeddings(json: string): EmbeddingsRequest {
  const body = readBody(embeddingsBody, json);
  const { input } = body;
  return {
    model: body.model ?? "",
    texts: typeof input === "string" || isTokens(input) ? [input] : input,
    dimensions: body.dimensions ?? undefined,
    base64: body.encoding_format === "base64",
  };
}

/**
 * Writes vectors, cut to the wanted length and made length 1 again.
 *
 * @throws {ApiError} 400 if a vector has fewer numbers than wanted.
 */
export function toEmbeddings(
  { vectors, counts }: Embedded,
  { dimensions, base64 }: EmbeddingsRequest,
  model: string,
) {
  const { promptTokens } = counts.usage;
  return {
    object: "list",
    model,
    data: vectors.map((vector, index) => {
      const cut = shorten(vector, dimensions ?? vector.length);
      const embedding = base64
        ? new Uint8Array(cut.buffer).toBase64()
        : [...cut];
      return { object: "embedding", index, embedding };
    }),
    usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
  };
}

function shorten(vector: Float32Array, dimensions: number): Float32Array {
  if (dimensions > vector.length) {
    throw badRequest("dimensions", {
      must: `must be at most ${vector.length}`,
      received: dimensions,
    });
  }
  const cut = vector.slice(0, dimensions);
  const length = Math.hypot(...cut);
  return length === 0 ? cut : cut.map((x) => x / length);
}

function isTokens(value: unknown[]): value is number[] {
  return value.every(isTokenId);
}
