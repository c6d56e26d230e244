/**
 * An object store on this machine: a hub with one model, and its graphs. It sends files
 * by ranges, no faster than a network would.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { knownDigest } from "../../../models/download/trust.ts";

/** Bytes that are sent at once. */
const PIECE = 1 << 20;

const REPOSITORY = "store/smollm2-135m-instruct";

const FILE = "model-Q4_1.gguf";

/** A running store. */
export interface ObjectStore extends AsyncDisposable {
  /** Variables of a server that has its model from here. */
  env: Record<string, string>;
  /** And of one that has its graphs from here, too. */
  graphsEnv: Record<string, string>;
  /** Size of the model's file. */
  bytes: number;
}

/**
 * Serves the model file at `path`, and folders of graphs; each answer has
 * `bytesPerSecond` at most.
 */
export async function startStore(
  path: string,
  { graphs, bytesPerSecond }: { graphs: string; bytesPerSecond: number },
): Promise<ObjectStore> {
  const { size } = await Deno.stat(path);
  const lfs = { oid: await knownDigest(path), size };
  const listed = [{ type: "file", path: FILE, size, lfs }];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    ({ url, headers }) => {
      const { pathname } = new URL(url);
      const range = headers.get("range");
      const [, graph] = /^\/graphs\/([\w-]+\/[\w.-]+)$/.exec(pathname) ?? [];
      if (graph) return send(`${graphs}/${graph}`, range);
      return pathname.endsWith(FILE)
        ? send(path, range)
        : Response.json(listed);
    },
  );

  /** Answers with the bytes of a file from where a range begins. */
  function send(path: string, range: string | null): Response {
    const { size } = Deno.statSync(path);
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
    return new Response(pacedFile(path, { from, bytesPerSecond }), {
      status: range ? 206 : 200,
      headers: {
        "content-length": String(size - from),
        ...range && { "content-range": `bytes ${from}-${size - 1}/${size}` },
      },
    });
  }
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const env = { HF_ENDPOINT: origin, MODEL: `hf:${REPOSITORY}:Q4_1` };
  return {
    env,
    graphsEnv: { ...env, GRAPHS_URL: `${origin}/graphs` },
    bytes: size,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Streams a file from a byte on, piece after piece, in time. */
function pacedFile(
  path: string,
  { from, bytesPerSecond }: { from: number; bytesPerSecond: number },
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const file = Deno.openSync(path);
  file.seekSync(from, Deno.SeekMode.Start);
  const start = performance.now();
  let sent = 0;
  return new ReadableStream({
    async pull(stream) {
      const piece = new Uint8Array(PIECE);
      const length = await file.read(piece);
      if (length === null) {
        file.close();
        return stream.close();
      }
      sent += length;
      const due = start + sent / bytesPerSecond * 1000;
      await delay(Math.max(0, due - performance.now()));
      stream.enqueue(piece.subarray(0, length));
    },
    cancel: () => file.close(),
  });
}
