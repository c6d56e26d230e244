/**
 * The only error whose message is sent to clients.
 *
 * @module
 */

/** What an {@linkcode ApiError} adds to its message. */
export interface ApiErrorOptions {
  /** OpenAI's machine-readable code, such as `"context_length_exceeded"`. */
  code?: string;
  /** The request parameter at fault, such as `"messages[0].content"`. */
  param?: string;
  /** Extra response headers, such as `Retry-After`. */
  headers?: Record<string, string>;
}

/** A failure that a client can act on, in OpenAI's terms. */
export class ApiError extends Error {
  override name = "ApiError";
  /** HTTP status of the response. */
  readonly status: number;
  readonly code: string | null;
  readonly param: string | null;
  readonly headers: Record<string, string>;

  constructor(status: number, message: string, options: ApiErrorOptions = {}) {
    super(message);
    this.status = status;
    this.code = options.code ?? null;
    this.param = options.param ?? null;
    this.headers = options.headers ?? {};
  }

  /** OpenAI's error type, which follows from the status. */
  get type(): string {
    if (this.status === 401) return "authentication_error";
    if (this.status === 403) return "permission_error";
    if (this.status === 404) return "not_found_error";
    if (this.status === 429) return "rate_limit_error";
    return this.status >= 500 ? "server_error" : "invalid_request_error";
  }

  /** The body that OpenAI's clients expect. */
  toJSON(): {
    error: {
      message: string;
      type: string;
      param: string | null;
      code: string | null;
    };
  } {
    const { message, type, param, code } = this;
    return { error: { message, type, param, code } };
  }
}

/** Returns the error of a request whose model is not open, for a reason. */
export function modelUnavailable(reason: string): ApiError {
  return new ApiError(
    503,
    `Cannot serve the request: the model must be open: ${reason}`,
    {
      code: "model_unavailable",
      headers: { "Retry-After": "5", "retry-after-ms": "5000" },
    },
  );
}

/**
 * Returns what clients may know of a failure: what was required. What came instead, such
 * as a path, and the words of other programs are for the log.
 */
export function requirementOf({ message }: Error): string {
  return message.startsWith("Cannot ")
    ? message.split(": received ")[0]
    : "the server's log says why";
}
