import { assertEquals, assertThrows } from "@std/assert";
import { parseConditional } from "../../../models/adapter/conditional.ts";

const MODEL = { vocab: 10, masks: 3 };
const ACCEPTANCE = { shares: [], seen: [], hits: [] };
const METADATA = {
  conditional_vocab: "[1,7]",
  conditional_evaluation: JSON.stringify({ acceptance: ACCEPTANCE }),
};

/** Returns tensors of a head of rank 4. */
function tensors(change: Record<string, number[] | undefined> = {}) {
  const shapes: Record<string, number[] | undefined> = {
    conditional_prev: [2, 4],
    conditional_next: [2, 4],
    conditional_depth: [3, 4],
    ...change,
  };
  return new Map(
    Object.entries(shapes).flatMap(([name, shape]) =>
      shape
        ? [[name, {
          shape,
          data: new Float32Array(shape.reduce((a, b) => a * b)),
        }]]
        : []
    ),
  );
}

Deno.test("parseConditional() reads a head", () => {
  const file = { metadata: METADATA, tensors: tensors() };
  const head = parseConditional(file, MODEL)!;
  assertEquals([...head.vocab], [1, 7]);
  assertEquals(head.rank, 4);
  assertEquals(head.depth.length, 12);
  assertEquals(head.acceptance, ACCEPTANCE);
});

Deno.test("parseConditional() returns undefined for a file without a head", () => {
  const none = { metadata: {}, tensors: new Map() };
  assertEquals(parseConditional(none, MODEL), undefined);
});

Deno.test("parseConditional() refuses a head that does not fit", () => {
  const refused = (
    { metadata = METADATA, ...file }: Partial<
      Parameters<typeof parseConditional>[0]
    >,
    message: string,
  ) =>
    assertThrows(
      () => parseConditional({ tensors: tensors(), metadata, ...file }, MODEL),
      RangeError,
      `Cannot load the adapter: ${message}`,
    );
  refused(
    { tensors: tensors({ conditional_next: [2, 3] }) },
    "conditional_next must be 2×4: received 2×3",
  );
  refused(
    { tensors: tensors({ conditional_depth: [2, 4] }) },
    "conditional_depth must be 3×4: received 2×4",
  );
  refused(
    { tensors: tensors({ conditional_prev: undefined }) },
    "conditional_prev must be 2×0: received none",
  );
  const infinite = tensors();
  infinite.get("conditional_depth")!.data[5] = Infinity;
  refused(
    { tensors: infinite },
    "conditional_depth must be finite: received Infinity",
  );
  refused(
    { metadata: { ...METADATA, conditional_vocab: "[1,10]" } },
    "conditional_vocab must list ascending ids below 10: received [1,10]",
  );
});
