import { assertEquals } from "@std/assert";
import { WeightsFile } from "../../../models/graph/weights_file.ts";

const PAGE = 4096;

Deno.test("WeightsFile.append() begins every tensor on a page of its own", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/weights.bin`;
  const numbers = Float32Array.from({ length: 2000 }, (_, i) => i / 7);
  {
    using weights = new WeightsFile(path);
    assertEquals(weights.name, "weights.bin");
    assertEquals(weights.append(Uint8Array.of(1, 2, 3)), {
      offset: 0,
      length: 3,
    });
    assertEquals(weights.append(numbers), { offset: PAGE, length: 8000 });
    assertEquals(weights.append(Uint8Array.of(9)), {
      offset: 3 * PAGE,
      length: 1,
    });
  }
  const bytes = await Deno.readFile(path);
  assertEquals([...bytes.subarray(0, 4)], [1, 2, 3, 0]);
  assertEquals(new Float32Array(bytes.buffer, PAGE, 2000), numbers);
  assertEquals([...bytes.subarray(3 * PAGE)], [9]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("WeightsFile.append() leaves no gap behind a full page", async () => {
  const path = await Deno.makeTempFile();
  {
    using weights = new WeightsFile(path);
    weights.append(new Uint8Array(PAGE));
    assertEquals(weights.append(Uint8Array.of(1)).offset, PAGE);
  }
  await Deno.remove(path);
});

Deno.test("WeightsFile.append() writes only the part that a view shows", async () => {
  const path = await Deno.makeTempFile();
  {
    using weights = new WeightsFile(path);
    weights.append(Float32Array.of(1, 2, 3, 4).subarray(1, 3));
  }
  const { buffer } = await Deno.readFile(path);
  assertEquals([...new Float32Array(buffer)], [2, 3]);
  await Deno.remove(path);
});

Deno.test("WeightsFile drops what the file held before", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, new Uint8Array(3 * PAGE));
  {
    using weights = new WeightsFile(path);
    weights.append(Uint8Array.of(5));
  }
  assertEquals([...await Deno.readFile(path)], [5]);
  await Deno.remove(path);
});
