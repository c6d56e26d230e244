/**
 * Errors in Anthropic's words.
 *
 * @module
 */

import type { ErrorResponse, ErrorType } from "@anthropic-ai/sdk/resources";
import type { ApiError } from "../../engine/errors.ts";

/** Types by status; all others of 4xx are those of a wrong request. */
const TYPES: Record<number, ErrorType> = {
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  429: "rate_limit_error",
  503: "overloaded_error",
  504: "timeout_error",
};

/** Returns the body of an error response, or the data of an error in mid-stream. */
export function toErrorBody(
  { status, message, code }: ApiError,
  requestId: string | null = null,
): ErrorResponse {
  const type = TYPES[status] ??
    (status >= 500 ? "api_error" : "invalid_request_error");
  // The client's types tie each type to an interface of its own.
  const error = {
    type,
    message,
    // By these its clients know that they are to send the whole history instead.
    ...code === "thread_unsupported_request" &&
      { details: { error_code: code, unsupported: ["thread"] } },
  } as ErrorResponse["error"];
  return { type: "error", error, request_id: requestId };
}
