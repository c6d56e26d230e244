import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { callerSpace, sharedSpace } from "../../lib/prefix/namespace.ts";

const SECRET = new Uint8Array(32).fill(7);

Deno.test("callerSpace() depends on the caller and the secret", () => {
  const space = callerSpace(SECRET, "a");
  assertMatch(space, /^[0-9a-f]{32}$/);
  assertEquals(callerSpace(SECRET, "a"), space);
  assertNotEquals(callerSpace(SECRET, "b"), space);
  assertNotEquals(callerSpace(new Uint8Array(32), "a"), space);
});

Deno.test("sharedSpace() is not the namespace of a caller", () => {
  const space = sharedSpace(SECRET);
  for (const caller of ["", "shared", "\0shared"]) {
    assertNotEquals(callerSpace(SECRET, caller), space);
  }
});
