/**
 * The error of a request that is wrong, with the parameter that is.
 *
 * @module
 */

import { ApiError } from "../engine/errors.ts";
import { describe } from "./describe.ts";

/** What a request got wrong. */
export interface Mistake {
  /** What is required, such as `"must be a number from 0 to 2"`. */
  must: string;
  /** The value that came instead. */
  received: unknown;
}

/** Makes the 400 for a mistake at `param`, or in the whole body if it is empty. */
export function badRequest(param: string, mistake: Mistake): ApiError {
  const subject = param === "" ? "the body" : param;
  const received = describe(mistake.received);
  return new ApiError(
    400,
    `Cannot read the request: ${subject} ${mistake.must}: received ${received}`,
    param === "" ? {} : { param },
  );
}
