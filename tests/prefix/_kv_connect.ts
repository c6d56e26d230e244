/**
 * A KV Connect server in memory, with as much of the protocol as Deno's client speaks,
 * and with the faults that a test wants.
 *
 * @module
 */

import protobuf from "protobufjs";

const { root } = protobuf.parse(
  `
  syntax = "proto3";
  message SnapshotRead { repeated ReadRange ranges = 1; }
  message ReadRange {
    bytes start = 1; bytes end = 2; int32 limit = 3; bool reverse = 4;
  }
  message SnapshotReadOutput {
    repeated ReadRangeOutput ranges = 1;
    bool strong = 4;
    int32 status = 8;
  }
  message ReadRangeOutput { repeated KvEntry values = 1; }
  message KvEntry {
    bytes key = 1; bytes value = 2; int32 encoding = 3; bytes versionstamp = 4;
  }
  message AtomicWrite { repeated Check checks = 1; repeated Mutation mutations = 2; }
  message Check { bytes key = 1; bytes versionstamp = 2; }
  message Mutation { bytes key = 1; KvValue value = 2; int32 mutation_type = 3; }
  message KvValue { bytes data = 1; int32 encoding = 2; }
  message AtomicWriteOutput { int32 status = 1; bytes versionstamp = 2; }
`,
  { keepCase: true },
);

const [SET, SUCCESS, CHECK_FAILED] = [1, 1, 2];

interface Entry {
  key: Uint8Array;
  value: Uint8Array;
  encoding: number;
  versionstamp: Uint8Array;
}

/** How the server behaves. */
export type Health = "well" | "silent" | "unavailable" | "slow";

/** A server; leaving its scope stops it. */
export interface KvConnectServer extends AsyncDisposable {
  url: string;
  health: Health;
}

/** Starts a server on a free port, which may require a token. */
export function startKvConnect(
  { token }: { token?: string } = {},
): KvConnectServer {
  const entries = new Map<string, Entry>();
  let commits = 0;
  let ending = () => {};
  const end = new Promise<void>((resolve) => ending = resolve);

  function snapshotRead(ranges: Range[]) {
    const read = ranges.map(({ start, end, limit, reverse }) => {
      const [from, to] = [hex(start), hex(end)];
      const keys = [...entries.keys()]
        .filter((key) => key >= from && key < to).sort();
      if (reverse) keys.reverse();
      return { values: keys.slice(0, limit).map((key) => entries.get(key)) };
    });
    return { ranges: read, strong: true, status: SUCCESS };
  }

  function atomicWrite({ checks = [], mutations = [] }: Write) {
    for (const { key, versionstamp } of checks) {
      const found = hex(entries.get(hex(key))?.versionstamp ?? []);
      if (found !== hex(versionstamp)) return { status: CHECK_FAILED };
    }
    const versionstamp = new Uint8Array(10);
    new DataView(versionstamp.buffer).setUint32(4, ++commits);
    for (const { key, value, mutation_type } of mutations) {
      if (mutation_type !== SET) entries.delete(hex(key));
      else {
        const { data, encoding } = value;
        const entry = { key, value: data, encoding, versionstamp };
        entries.set(hex(key), entry);
      }
    }
    return { status: SUCCESS, versionstamp };
  }

  async function answer(request: Request): Promise<Response> {
    if (self.health === "silent") await end;
    if (self.health === "slow") {
      await Promise.race([end, new Promise((done) => setTimeout(done, 5_000))]);
    }
    if (self.health === "unavailable") return new Response("", { status: 503 });
    const { pathname } = new URL(request.url);
    if (pathname === "/") {
      const shown = request.headers.get("authorization");
      if (token !== undefined && shown !== `Bearer ${token}`) {
        return new Response("", { status: 401 });
      }
      return Response.json({
        version: 3,
        databaseId: "3b0f6b8e-0000-4000-8000-000000000000",
        endpoints: [{ url: `${self.url}/data`, consistency: "strong" }],
        token: "token",
        expiresAt: "2100-01-01T00:00:00Z",
      });
    }
    const body = await request.bytes();
    const [input, output, serve] = pathname === "/data/snapshot_read"
      ? [
        "SnapshotRead",
        "SnapshotReadOutput",
        (message: unknown) =>
          snapshotRead((message as { ranges: Range[] }).ranges),
      ]
      : [
        "AtomicWrite",
        "AtomicWriteOutput",
        (message: unknown) => atomicWrite(message as Write),
      ];
    const type = root.lookupType(output);
    const message = root.lookupType(input).decode(body);
    return new Response(
      type.encode(type.create(serve(message))).finish().slice(),
    );
  }

  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    answer,
  );
  const self: KvConnectServer = {
    url: `http://127.0.0.1:${server.addr.port}`,
    health: "well",
    async [Symbol.asyncDispose]() {
      // Deno's client retries until it gets an answer, though its KV is closed.
      self.health = "well";
      ending();
      await new Promise((done) => setTimeout(done, 1_000));
      await server.shutdown();
    },
  };
  return self;
}

/** Absent bytes come as an empty array. */
function hex(bytes: ArrayLike<number>): string {
  return Uint8Array.from(bytes).toHex();
}

interface Range {
  start: Uint8Array;
  end: Uint8Array;
  limit: number;
  reverse: boolean;
}

interface Write {
  checks?: { key: Uint8Array; versionstamp: Uint8Array }[];
  mutations?: {
    key: Uint8Array;
    value: { data: Uint8Array; encoding: number };
    mutation_type: number;
  }[];
}
