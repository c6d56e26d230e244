import { assertEquals, assertThrows } from "@std/assert";
import {
  type StoredTensor,
  toUnsigned,
  WeightsFile,
} from "../../../models/graph/weights_file.ts";

const PAGE = 4096;

Deno.test("WeightsFile.add() starts every tensor on a new page", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/weights.bin`;
  const numbers = Float32Array.from({ length: 2000 }, (_, i) => i / 7);
  const expected: Record<string, StoredTensor> = {
    a: { type: "uint8", dims: [3], offset: 0, length: 3 },
    b: { type: "float32", dims: [20, 100], offset: PAGE, length: 8000 },
    c: { type: "uint8", dims: [], offset: 3 * PAGE, length: 1 },
  };
  {
    using weights = new WeightsFile(path);
    assertEquals(weights.name, "weights.bin");
    weights.add("a", [3], Uint8Array.of(1, 2, 3));
    weights.add("b", [20, 100], numbers);
    weights.add("c", [], Uint8Array.of(9));
    assertEquals(JSON.parse(weights.directory()), expected);
    assertEquals(weights.tensor("b"), expected.b);
    assertEquals([weights.has("c"), weights.has("d")], [true, false]);
  }
  const bytes = await Deno.readFile(path);
  assertEquals([...bytes.subarray(0, 3)], [1, 2, 3]);
  assertEquals(
    new Float32Array(bytes.slice(PAGE, PAGE + 8000).buffer),
    numbers,
  );
  assertEquals([...bytes.subarray(3 * PAGE)], [9]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("WeightsFile.add() refuses a repeated name", async () => {
  const path = await Deno.makeTempFile();
  {
    using weights = new WeightsFile(path);
    weights.add("a", [1], Uint8Array.of(1));
    const again = () => weights.add("a", [1], Uint8Array.of(1));
    assertThrows(again, TypeError, 'received "a"');
  }
  await Deno.remove(path);
});

Deno.test("WeightsFile.storeUnsigned() adds 128 to signed bytes that are stored later", async () => {
  const path = await Deno.makeTempFile();
  const signed = Int8Array.of(-128, -1, 0, 5, 127);
  {
    using weights = new WeightsFile(path);
    weights.add("a", [5], signed);
    weights.storeUnsigned();
    weights.add("b", [5], signed);
    weights.add("c", [2], Uint8Array.of(1, 2));
    const { a, b, c } = JSON.parse(weights.directory());
    assertEquals([a.type, b.type, c.type], ["int8", "uint8", "uint8"]);
  }
  assertEquals([...signed], [-128, -1, 0, 5, 127]);
  const bytes = await Deno.readFile(path);
  assertEquals(new Int8Array(bytes.slice(0, 5).buffer), signed);
  const b = bytes.slice(PAGE, PAGE + 5);
  assertEquals([...b], [0, 127, 128, 133, 255]);
  assertEquals([...bytes.subarray(2 * PAGE)], [1, 2]);
  const own = new Uint8Array(signed.slice().buffer);
  toUnsigned(own);
  assertEquals(own, b);
  await Deno.remove(path);
});

Deno.test("WeightsFile.add() leaves no gap after a full page", async () => {
  const path = await Deno.makeTempFile();
  {
    using weights = new WeightsFile(path);
    weights.add("a", [PAGE], new Uint8Array(PAGE));
    weights.add("b", [1], Uint8Array.of(1));
    assertEquals(weights.tensor("b").offset, PAGE);
  }
  await Deno.remove(path);
});

Deno.test("WeightsFile.add() writes only the bytes of a view", async () => {
  const path = await Deno.makeTempFile();
  {
    using weights = new WeightsFile(path);
    weights.add("a", [2], Float32Array.of(1, 2, 3, 4).subarray(1, 3));
  }
  const { buffer } = await Deno.readFile(path);
  assertEquals([...new Float32Array(buffer)], [2, 3]);
  await Deno.remove(path);
});

Deno.test("WeightsFile truncates an existing file", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, new Uint8Array(3 * PAGE));
  {
    using weights = new WeightsFile(path);
    weights.add("a", [1], Uint8Array.of(5));
  }
  assertEquals([...await Deno.readFile(path)], [5]);
  await Deno.remove(path);
});
