import { assert, assertEquals, assertThrows } from "@std/assert";
import { uniform } from "../../lib/bita/choose/random.ts";
import type { Artefact } from "../../models/artefact.ts";
import { Embedding } from "../../models/embedding.ts";
import { dequantize } from "../../models/gguf/dequantize.ts";

const DIM = 64;
const ROW_BYTES = DIM / 32 * 34; // of Q8_0
const OFFSET = 96;

/** Opens a file that has `matrix` and then zeros, as a matrix of `vocab` rows. */
async function opened(
  matrix: Uint8Array,
  { vocab = matrix.length / ROW_BYTES, scale = 1 } = {},
) {
  const path = await Deno.makeTempFile();
  const byteLength = vocab * ROW_BYTES;
  const file = new Uint8Array(OFFSET + matrix.length);
  file.set(matrix, OFFSET);
  await Deno.writeFile(path, file);
  await Deno.truncate(path, OFFSET + byteLength);
  const artefact = {
    embedding: {
      path,
      name: "token_embd.weight",
      type: "Q8_0",
      shape: [vocab, DIM],
      offset: OFFSET,
      byteLength,
    },
    config: { scales: { embedding: scale } },
  } as Artefact;
  return {
    path,
    artefact,
    [Symbol.dispose]: () => Deno.removeSync(path),
  };
}

function randomMatrix(rows: number): Uint8Array {
  return Uint8Array.from(
    { length: rows * ROW_BYTES },
    // Exponents of the scales stay those of finite numbers.
    (_, i) => uniform(1, i) * (i % 34 === 1 ? 64 : 256),
  );
}

Deno.test("Embedding.lookUp() returns the bits of the matrix, in any order", async () => {
  const vocab = 1000;
  const matrix = randomMatrix(vocab);
  for (const scale of [1, 2.5]) {
    using file = await opened(matrix, { scale });
    using embedding = Embedding.open(file.artefact);
    const all = dequantize("Q8_0", matrix).map((value) => value * scale);
    const row = new Float32Array(DIM);
    for (let i = 0; i < 4000; i++) {
      const id = Math.floor(uniform(2, i) * vocab);
      embedding.lookUp(id, row);
      assertEquals(row, all.subarray(id * DIM, (id + 1) * DIM));
    }
  }
});

Deno.test({
  name:
    "Embedding.lookUp() reads a file that was removed, until it is disposed of",
  sanitizeResources: true,
  async fn() {
    const matrix = randomMatrix(2);
    const { path, artefact } = await opened(matrix);
    using embedding = Embedding.open(artefact);
    await Deno.remove(path);
    const row = new Float32Array(DIM);
    embedding.lookUp(0, row);
    assertEquals(row, dequantize("Q8_0", matrix).subarray(0, DIM));
  },
});

Deno.test("Embedding refuses a file that was cut short", async () => {
  const matrix = randomMatrix(300);
  using file = await opened(matrix);
  using embedding = Embedding.open(file.artefact);
  const row = new Float32Array(DIM);
  embedding.lookUp(8, row);
  await Deno.truncate(file.path, OFFSET + 264 * ROW_BYTES + 34);
  for (const attempt of ["first", "second"]) {
    assertThrows(
      () => embedding.lookUp(264, row),
      SyntaxError,
      "must keep its size",
      attempt,
    );
  }
  embedding.lookUp(8, row);
  assertEquals(row, dequantize("Q8_0", matrix).subarray(8 * DIM, 9 * DIM));
  assertThrows(() => Embedding.open(file.artefact), SyntaxError, file.path);
});

Deno.test("Embedding.check() refuses a file that was written to", async () => {
  using file = await opened(randomMatrix(2));
  await Deno.utime(file.path, 1, 1);
  using embedding = Embedding.open(file.artefact);
  embedding.check();
  await Deno.writeFile(file.path, new Uint8Array(1), { append: true });
  assertThrows(
    () => embedding.check(),
    SyntaxError,
    "must stay as it is while in use",
  );
});

Deno.test("Embedding.open() takes no memory for a large vocabulary", async () => {
  using file = await opened(randomMatrix(1), { vocab: 4_000_000 });
  const before = Deno.memoryUsage().rss;
  using embedding = Embedding.open(file.artefact);
  const row = new Float32Array(DIM);
  for (let i = 0; i < 1000; i++) embedding.lookUp(i * 4000, row);
  const taken = Deno.memoryUsage().rss - before;
  assert(
    taken < 2 ** 26,
    `${taken} bytes of ${file.artefact.embedding.byteLength}`,
  );
});
