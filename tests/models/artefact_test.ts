import {
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { type Artefact, openArtefact } from "../../models/artefact.ts";
import { openGguf, readMatrix } from "../../models/gguf/reader.ts";
import type { WeightFormat } from "../../models/graph/linear.ts";
import type { StoredTensor } from "../../models/graph/weights_file.ts";
import { ARBITRARY } from "../toy/reading.ts";
import { TINY, writeTinyGguf } from "../toy/tiny_gguf.ts";

const FILES = ["", "-2", "-4", "-8", "-16"]
  .flatMap((size) => [`body${size}.onnx`, `body-folded${size}.onnx`])
  .concat("head.onnx", "weights.bin", "weights.json")
  .sort();

/** A tiny model in a temporary folder, and its conversions. */
class Workshop implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync();
  readonly path = `${this.folder}/tiny.gguf`;
  readonly graphs = `${this.folder}/cache/graphs`;
  /** Labels of the conversions. */
  readonly started: string[] = [];
  /** Bytes that the last conversion was to read, and that it has read. */
  total: number | undefined;
  done = 0;

  /** Opens the model's artefact. */
  async open(
    format: WeightFormat = "int8",
    reading = ARBITRARY,
  ): Promise<Artefact> {
    return await openArtefact(await openGguf(this.path), {
      cacheDir: `${this.folder}/cache`,
      format,
      progress: {
        start: (label, { total }) => {
          this.started.push(label);
          this.total = total;
          this.done = 0;
        },
        advance: (bytes) => this.done += bytes,
        stop() {},
        note() {},
      },
      reading,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

async function workshop({ seed = 1 } = {}): Promise<Workshop> {
  const shop = new Workshop();
  await writeTinyGguf(shop.path, { seed });
  return shop;
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

Deno.test("openArtefact() converts a model once", async () => {
  await using shop = await workshop();
  const artefact = await shop.open();
  assertEquals(namesIn(artefact.folder), FILES);
  assertEquals(artefact.config.layers, TINY.layers);
  assertEquals(artefact.config.tiedHead, false);

  const before = FILES.map((name) =>
    Deno.statSync(`${artefact.folder}/${name}`)
  );
  assertEquals(await shop.open(), artefact);
  const after = FILES.map((name) =>
    Deno.statSync(`${artefact.folder}/${name}`)
  );
  assertEquals(after.map(({ mtime }) => mtime), before.map((s) => s.mtime));
  assertEquals(shop.started, ["Converting to int8"]);
});

Deno.test("openArtefact() hashes a file once, until it changes", async () => {
  await using shop = await workshop();
  const { digest } = await shop.open();
  const { mtime } = await Deno.stat(shop.path);
  const bytes = Deno.readFileSync(shop.path);
  bytes[bytes.length - 1] ^= 1;
  Deno.writeFileSync(shop.path, bytes);
  Deno.utimeSync(shop.path, mtime!, mtime!);
  assertEquals((await shop.open()).digest, digest); // by its size and time
  Deno.utimeSync(shop.path, 1, 1);
  assertNotEquals((await shop.open()).digest, digest);
});

Deno.test("openArtefact() shows the bytes of a file, however often they are read", async () => {
  await using shop = await workshop();
  const { tensors } = await openGguf(shop.path);
  let size = 0;
  for (const { name, byteLength } of tensors.values()) {
    if (name !== "token_embd.weight") size += byteLength; // has no graph
  }
  for (const format of ["int8", "w8a8"] as const) {
    await shop.open(format);
    assertEquals([shop.total, shop.done], [size, size]);
  }
});

Deno.test("openArtefact() returns plain data for a worker", async () => {
  await using shop = await workshop();
  const artefact = await shop.open();
  assertEquals(structuredClone(artefact), artefact);
});

Deno.test("openArtefact() returns the location of the packed embedding", async () => {
  await using shop = await workshop();
  const { embedding } = await shop.open();
  assertEquals(embedding.path, shop.path);
  assertEquals(embedding.shape, [TINY.vocab, TINY.dim]);
  assertEquals(embedding.type, "F16");
});

Deno.test("openArtefact() has a folder for each format and file", async () => {
  await using shop = await workshop();
  const int8 = await shop.open("int8");
  const fp32 = await shop.open("fp32");
  await writeTinyGguf(shop.path, { seed: 2 });
  const other = await shop.open("int8");
  assertEquals(new Set([int8, fp32, other].map((a) => a.folder)).size, 3);
  assertNotEquals(other.digest, int8.digest);
  assertEquals(shop.started.length, 3);
});

Deno.test("openArtefact() has a head of Q4_0 in 4 bits, which lose nothing", async () => {
  await using shop = await workshop();
  const headOf = async () => {
    const { folder } = await shop.open("int4");
    const file = Deno.readFileSync(`${folder}/weights.bin`);
    const directory: Record<string, StoredTensor> = JSON.parse(
      Deno.readTextFileSync(`${folder}/weights.json`),
    );
    const [packed, scales] = ["bytes", "scales"].map((part) => {
      const { dims, offset, length } = directory[`output.weight.${part}`];
      return { dims, data: file.slice(offset, offset + length) };
    });
    return { ...packed, scales: new Float32Array(scales.data.buffer) };
  };
  assertEquals((await headOf()).dims, [TINY.vocab, TINY.dim / 32, 32]);

  await writeTinyGguf(shop.path, { seed: 1, head: "Q4_0" });
  const { dims, data, scales } = await headOf();
  assertEquals(dims, [TINY.vocab, TINY.dim / 32, 16]);
  const levels = [...data].flatMap((byte) => [byte & 15, byte >> 4]);
  const restored = levels.map((level, i) => (level - 8) * scales[i >> 5]);
  const exact = await readMatrix(await openGguf(shop.path), "output.weight");
  assertEquals(Float32Array.from(restored), exact.data);
});

for (const clips of [true, false]) {
  const weights = clips ? "unsigned" : "signed";

  Deno.test(`openArtefact() leaves nothing but the graphs of what it measured, of ${weights} weights`, async () => {
    await using shop = await workshop();
    const clipsSums = () => Promise.resolve(clips);
    const { folder } = await shop.open("w8a8", { ...ARBITRARY, clipsSums });
    const unsigned = FILES.filter((name) => name.endsWith(".onnx"))
      .map((name) => `unsigned-${name}`);
    const others = clips ? ["clipping.onnx"] : ["clipping.onnx", ...unsigned];
    assertEquals(namesIn(folder), [...FILES, ...others].sort());
    assertEquals(shop.started, ["Converting to w8a8"]);
  });
}

Deno.test("openArtefact() has to be told how to read a text for w8a8", async () => {
  await using shop = await workshop();
  const gguf = await openGguf(shop.path);
  const progress = { start() {}, advance() {}, stop() {}, note() {} };
  const cacheDir = `${shop.folder}/cache`;
  await assertRejects(
    () => openArtefact(gguf, { cacheDir, format: "w8a8", progress }),
    TypeError,
    "what some text is read with is required",
  );
  assertEquals(namesIn(shop.graphs).filter((n) => n.endsWith(".partial")), []);
});

Deno.test("openArtefact() converts equal files to equal graphs", async () => {
  await using one = await workshop({ seed: 3 });
  await using two = await workshop({ seed: 3 });
  const [a, b] = [await one.open(), await two.open()];
  assertEquals(a.digest, b.digest);
  for (const name of FILES) {
    assertEquals(
      Deno.readFileSync(`${a.folder}/${name}`),
      Deno.readFileSync(`${b.folder}/${name}`),
      name,
    );
  }
});

Deno.test("openArtefact() converts once for concurrent calls", async () => {
  await using shop = await workshop();
  const all = await Promise.all([shop.open(), shop.open(), shop.open()]);
  for (const artefact of all) assertEquals(artefact, all[0]);
  assertEquals(shop.started.length, 1);
});

Deno.test("openArtefact() discards the partial folder of a killed process", async () => {
  await using shop = await workshop();
  const { folder } = await shop.open();
  const whole = FILES.map((name) => Deno.readFileSync(`${folder}/${name}`));
  Deno.renameSync(folder, `${folder}.partial`);
  Deno.truncateSync(`${folder}.partial/weights.bin`, 100);
  Deno.writeTextFileSync(`${folder}.partial/stray`, "");

  await shop.open();
  assertEquals(namesIn(folder), FILES);
  for (const [i, name] of FILES.entries()) {
    assertEquals(Deno.readFileSync(`${folder}/${name}`), whole[i], name);
  }
  assertEquals(namesIn(shop.graphs).filter((n) => n.endsWith(".partial")), []);
});

Deno.test("openArtefact() leaves no complete folder after a failed conversion", async () => {
  await using shop = await workshop();
  const gguf = await openGguf(shop.path);
  const progress = { start() {}, advance() {}, stop() {}, note() {} };
  const { size } = Deno.statSync(shop.path);
  const bytes = Deno.readFileSync(shop.path);
  Deno.truncateSync(shop.path, size - 1);
  const error = await assertRejects(() =>
    openArtefact(gguf, {
      cacheDir: `${shop.folder}/cache`,
      format: "int8",
      progress,
    }), SyntaxError);
  assertStringIncludes(error.message, "must keep its size");
  const left = namesIn(shop.graphs).filter((name) => /-v\d+$/.test(name));
  assertEquals(left, []);

  Deno.writeFileSync(shop.path, bytes);
  assertEquals(namesIn((await shop.open()).folder), FILES);
});
