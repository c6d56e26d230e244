import { assertEquals } from "@std/assert";
import { chooseEvictions } from "../../../lib/prefix/store/eviction.ts";

const HOUR = 3_600_000;
const NOW = 1000 * HOUR;

interface Sketch {
  used?: number;
  created?: number;
  depth?: number;
  erased?: boolean;
}

/** A block of 10 bytes; times are hours ago. */
function block(
  hash: string,
  { used = 0, created = used, depth = 0, erased = false }: Sketch,
) {
  return {
    erased,
    place: { model: "m", space: "s", hash },
    entry: {
      bytes: 10,
      depth,
      created: NOW - created * HOUR,
      used: NOW - used * HOUR,
    },
  };
}

/** Names what must go, in order. */
function gone(blocks: Record<string, Sketch>, capBytes = 1000): string {
  const all = Object.entries(blocks).map(([hash, sketch]) =>
    block(hash, sketch)
  );
  return chooseEvictions(all, { now: NOW, capBytes })
    .map(({ place }) => place.hash).join("");
}

Deno.test("chooseEvictions() keeps what is fresh and fits", () => {
  assertEquals(gone({ a: {}, b: { used: 23, created: 160 } }), "");
});

Deno.test("chooseEvictions() removes blocks after a day without use, and after a week", () => {
  assertEquals(gone({ a: { used: 25 }, b: {}, c: { created: 169 } }), "ac");
});

Deno.test("chooseEvictions() removes what was erased", () => {
  assertEquals(gone({ a: {}, b: { erased: true } }), "b");
});

Deno.test("chooseEvictions() removes the least recently used to make room", () => {
  assertEquals(
    gone({ a: { used: 1 }, b: { used: 3 }, c: { used: 2 }, d: {} }, 30),
    "bc",
  );
});

Deno.test("chooseEvictions() removes the end of a text before its beginning", () => {
  assertEquals(
    gone({ a: { depth: 0 }, b: { depth: 2 }, c: { depth: 1 } }, 20),
    "bc",
  );
});

Deno.test("chooseEvictions() counts a time in the future as now", () => {
  const future = { used: -500, created: -500 };
  assertEquals(gone({ a: future, b: { used: 2 } }), "");
  assertEquals(gone({ a: { ...future, depth: 1 }, b: { used: 2 } }, 12), "b");
});
