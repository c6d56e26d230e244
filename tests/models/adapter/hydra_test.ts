import { assertEquals, assertThrows } from "@std/assert";
import type { ModelConfig } from "../../../models/architectures/config.ts";
import { parseHydra } from "../../../models/adapter/hydra.ts";

const CONFIG = { dim: 2, vocab: 10, layers: 4 } as ModelConfig;

/** Returns the contents of a file with a head of width 3. */
function file(change: Record<string, number[] | undefined> = {}) {
  const shapes: Record<string, number[] | undefined> = {
    "hydra.w1": [3, 6],
    "hydra.bias": [3],
    "hydra.w2": [2, 3],
    "hydra.out": [2, 2],
    ...change,
  };
  const tensors = new Map(
    Object.entries(shapes).flatMap(([name, shape]) =>
      shape
        ? [[name, {
          shape,
          data: new Float32Array(shape.reduce((a, b) => a * b)),
        }]]
        : []
    ),
  );
  const evaluation = { acceptance: { shares: [], seen: [], hits: [] } };
  const metadata = {
    hydra_vocab: "[1,7]",
    hydra_layers: "[2]",
    hydra_evaluation: JSON.stringify(evaluation),
  };
  return { metadata, tensors };
}

Deno.test("parseHydra() reads a head", () => {
  const hydra = parseHydra(file(), CONFIG)!;
  assertEquals([...hydra.vocab], [1, 7]);
  assertEquals(hydra.layers, [2]);
  assertEquals(hydra.w1.rows, 3);
  assertEquals(hydra.w2.columns, 3);
});

Deno.test("parseHydra() returns undefined for a file without a head", () => {
  const none = { metadata: {}, tensors: new Map() };
  assertEquals(parseHydra(none, CONFIG), undefined);
});

Deno.test("parseHydra() refuses a head that does not fit the model", () => {
  assertThrows(
    () => parseHydra(file({ "hydra.out": [2, 3] }), CONFIG),
    RangeError,
    "Cannot load the adapter: hydra.out must be 2×2: received 2×3",
  );
  assertThrows(
    () => parseHydra(file({ "hydra.w2": undefined }), CONFIG),
    RangeError,
    "Cannot load the adapter: hydra.w2 must be 2×3: received none",
  );
  const { metadata, tensors } = file();
  const refused = (change: Record<string, string>, message: string) =>
    assertThrows(
      () =>
        parseHydra({ metadata: { ...metadata, ...change }, tensors }, CONFIG),
      RangeError,
      `Cannot load the adapter: ${message}`,
    );
  refused(
    { hydra_vocab: "[1,10]" },
    "hydra_vocab must list ascending ids below 10: received [1,10]",
  );
  refused(
    { hydra_layers: "[4]" },
    "hydra_layers must list ascending ids below 4: received [4]",
  );
});
