/**
 * Takes in a body: its type must be JSON, and its size is limited.
 *
 * @module
 */

import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { ApiError } from "../../lib/engine/errors.ts";

/** Far more text than any context here holds. */
const MAX_BODY_BYTES = 1_048_576;

/**
 * Takes in the whole body, unless it is over 1 MiB, whether or not it says so, and
 * unpacks it if it is compressed. Refuses other content types, which a web page could
 * send without a preflight, and other charsets than JSON's own.
 *
 * @throws {ApiError} in the handler: 400 for another content type, for a body that does
 * not arrive whole or is no UTF-8; 413; 415 for another charset or compression.
 */
export function jsonBody(): MiddlewareHandler {
  const limit = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: () => {
      throw tooLong();
    },
  });
  return async function jsonBody(c, next) {
    checkType(c.req.header("content-type") ?? "nothing");
    unpack(c);
    try {
      await limit(c, async () => assertUtf8(await c.req.arrayBuffer()));
    } catch (error) {
      if (error instanceof ApiError) throw error;
      throw new ApiError(
        400,
        "Cannot read the request: the body must arrive whole, and compressed as its Content-Encoding says: received a part",
      );
    }
    await next();
  };
}

function checkType(received: string): void {
  if (!/^application\/json\s*(;|$)/i.test(received)) {
    throw new ApiError(
      400,
      `Cannot read the request: Content-Type must be application/json: received ${received}`,
    );
  }
  const [, charset] = /;\s*charset="?([^;"\s]+)/i.exec(received) ?? [];
  if (charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset)) {
    throw new ApiError(
      415,
      `Cannot read the request: the charset must be UTF-8: received ${charset}`,
    );
  }
}

/** Unpacks a body that is compressed with gzip or deflate. */
function unpack(c: Context): void {
  const { raw } = c.req;
  const coding = c.req.header("content-encoding")?.trim().toLowerCase();
  if (!raw.body || !coding || coding === "identity") return;
  const unpacked = new DecompressionStream(formatOf(coding));
  const body = raw.body.pipeThrough(atMost(MAX_BODY_BYTES))
    .pipeThrough(unpacked);
  const headers = new Headers(raw.headers);
  headers.delete("content-encoding");
  headers.delete("content-length"); // that of the unpacked body is unknown
  c.req.raw = new Request(raw, { body, headers });
}

function formatOf(coding: string): CompressionFormat {
  if (coding === "gzip" || coding === "x-gzip") return "gzip";
  if (coding === "deflate") return "deflate";
  throw new ApiError(
    415,
    `Cannot read the request: Content-Encoding must be gzip, deflate or identity: received ${coding}`,
  );
}

/** Fails after so many bytes: a compressed body may have no end and no content. */
function atMost(
  bytes: number,
): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let left = bytes;
  return new TransformStream({
    transform(chunk, controller) {
      left -= chunk.length;
      if (left < 0) controller.error(tooLong());
      else controller.enqueue(chunk);
    },
  });
}

function tooLong(): ApiError {
  return new ApiError(
    413,
    `Cannot read the request: the body must have at most ${MAX_BODY_BYTES} bytes: received more`,
  );
}

function assertUtf8(bytes: ArrayBuffer): void {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ApiError(
      400,
      "Cannot read the request: the body must be UTF-8: received other bytes",
    );
  }
}
