/**
 * A model hub on this machine, and helpers for downloads from it.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Progress } from "../../../models/download/progress.ts";
import type { RemoteModel } from "../../../models/registry.ts";

/** A file of pseudorandom bytes, which begins as a GGUF file does. */
export const FILE = Uint8Array.from(
  { length: 300_000 },
  (_, i) => "GGUF".charCodeAt(i) || (i * 2654435761) >>> 13,
);

/** The file's SHA-256, in hex. */
export const SHA256 = createHash("sha256").update(FILE).digest("hex");

/** A request's headers. */
export interface Seen {
  range: string | null;
  ifRange: string | null;
}

/** A running hub. */
export interface Hub extends AsyncDisposable {
  url: string;
  /** Requests so far, oldest first. */
  seen: Seen[];
}

/** Returns the response to a request, or `undefined` for the correct one. */
export type Answer = (request: Request, count: number) => Response | undefined;

/** Starts a hub that serves `FILE` with support for ranges. */
export function startHub(answer: Answer = () => undefined): Hub {
  const seen: Seen[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => {
      const { headers } = request;
      seen.push({
        range: headers.get("range"),
        ifRange: headers.get("if-range"),
      });
      return answer(request, seen.length) ?? serveFile(request);
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/file.gguf`,
    seen,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Returns a response with the file, or with the requested range. */
export function serveFile(request: Request, file = FILE): Response {
  const etag = '"v1"';
  const range = /^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "");
  const ifRange = request.headers.get("if-range") ?? etag;
  if (range === null || ifRange !== etag) {
    return new Response(file, { headers: { etag } });
  }
  const start = Number(range[1]);
  if (start >= file.length) return new Response(null, { status: 416 });
  return new Response(file.slice(start), {
    status: 206,
    headers: {
      etag,
      "content-range": `bytes ${start}-${file.length - 1}/${file.length}`,
    },
  });
}

/** Returns a response that announces the whole file and ends after `bytes` bytes. */
export function breakOff(bytes: number, headers: HeadersInit = {}): Response {
  const pieces = new Blob([FILE.slice(0, bytes)]).stream();
  return new Response(pieces, {
    headers: { etag: '"v1"', "content-length": `${FILE.length}`, ...headers },
  });
}

/** Returns the hub's model with these sources. */
export function modelAt(...urls: string[]): RemoteModel {
  return {
    id: "tiny",
    file: "tiny.gguf",
    sha256: SHA256,
    bytes: FILE.length,
    sources: urls.map((url) => ({ url })),
  };
}

/** A progress that records its calls. */
export class Diary implements Progress {
  notes: string[] = [];
  labels: string[] = [];
  /** Bytes that were complete at the start of each transfer. */
  begun: number[] = [];
  done = 0;
  running = false;

  start(label: string, size: { total?: number; done: number }): void {
    this.labels.push(label);
    this.begun.push(size.done);
    this.done = size.done;
    this.running = true;
  }

  advance(bytes: number): void {
    this.done += bytes;
  }

  stop(): void {
    this.running = false;
  }

  note(text: string): void {
    this.notes.push(text);
  }
}

/** A folder that is removed when it is disposed of. */
export interface Folder extends Disposable {
  path: string;
  /** Returns the sorted names of the files in its `models/`. */
  names(): string[];
}

/** Creates a cache folder. */
export function temporaryFolder(): Folder {
  const path = Deno.makeTempDirSync();
  return {
    path,
    names() {
      const entries = [...Deno.readDirSync(`${path}/models`)];
      return entries.map(({ name }) => name).toSorted();
    },
    [Symbol.dispose]() {
      Deno.removeSync(path, { recursive: true });
    },
  };
}
