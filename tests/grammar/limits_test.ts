import { assertEquals } from "@std/assert";
import { findExcess, findKeyword } from "../../lib/grammar/limits.ts";

Deno.test("findExcess() reads no more values than a schema may have", () => {
  const properties = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, i) => [`n${i}`, true]),
  );
  Object.defineProperty(properties, "unread", {
    enumerable: true,
    get() {
      throw new Error("was read");
    },
  });
  const excess = findExcess({ type: "json_schema", schema: { properties } });
  assertEquals(excess, {
    must: "must have at most 20000 values",
    received: "more",
  });
});

Deno.test("findKeyword() returns the outermost place of a keyword", () => {
  const schema = {
    properties: { a: { items: { not: {} } }, "b/c~": { not: {} } },
  };
  assertEquals(findKeyword(schema, "not"), "#/properties/b~1c~0");
  assertEquals(findKeyword(schema, "contains"), undefined);
});
