import { assertEquals } from "@std/assert";
import { isEndless } from "../../lib/grammar/endless.ts";

const object = (properties: Record<string, unknown>) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
});
const node = { $ref: "#/$defs/node" };

Deno.test("isEndless() finds values that must contain themselves", () => {
  const endless: unknown[] = [
    object({ a: { $ref: "#" } }),
    { type: "array", items: { $ref: "#" }, minItems: 1 },
    { type: "array", prefixItems: [{ $ref: "#" }], minItems: 1 },
    { ...node, $defs: { node: object({ next: node }) } },
    { anyOf: [object({ a: { $ref: "#" } }), object({ b: { $ref: "#" } })] },
    { allOf: [{ type: "object" }, object({ a: { $ref: "#" } })] },
  ];
  assertEquals(endless.map(isEndless), endless.map(() => true));
});

Deno.test("isEndless() leaves values that may contain themselves", () => {
  const names = Array.from({ length: 30 }, (_, i) => `d${i}`);
  const finite: unknown[] = [
    ...[true, {}, { $ref: "#/nowhere" }, { enum: [1] }],
    { type: "object", properties: { a: { $ref: "#" } } },
    { type: "array", items: { $ref: "#" } },
    object({ a: { anyOf: [{ $ref: "#" }, { type: "null" }] } }),
    { ...object({ a: { $ref: "#" } }), type: ["object", "null"] },
    {
      $ref: "#/$defs/d0",
      $defs: Object.fromEntries(names.map((name, i) => [
        name,
        i === 29 ? { type: "null" } : { $ref: `#/$defs/d${i + 1}` },
      ])),
    },
  ];
  assertEquals(finite.map(isEndless), finite.map(() => false));
});
