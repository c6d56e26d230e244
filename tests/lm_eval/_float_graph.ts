/**
 * The 8-bit model as floats: its weights are the same numbers, but no kernel rounds the
 * rows that they are multiplied with.
 *
 * @module
 */

import type { Artefact } from "../../models/artefact.ts";
import type { StoredTensor } from "../../models/graph/weights_file.ts";

type Directory = Record<string, StoredTensor>;

/** The level of a weight of 0. */
const ZERO = 128;

/**
 * Makes a cache directory in `folder` in which the 8-bit model's place has float graphs
 * with its weights.
 */
export async function withFloats(
  folder: string,
  { int8, fp32 }: { int8: Artefact; fp32: Artefact },
): Promise<void> {
  const place = `${folder}/graphs/${int8.folder.split("/").at(-1)}`;
  await Deno.mkdir(place, { recursive: true });
  for await (const { name } of Deno.readDir(fp32.folder)) {
    if (/\.(onnx|json|bin)$/.test(name) && !name.startsWith("cost-")) {
      await Deno.copyFile(`${fp32.folder}/${name}`, `${place}/${name}`);
    }
  }
  const [blocks, floats] = await Promise.all([int8, fp32].map(directory));
  const packed = await Deno.readFile(`${int8.folder}/weights.bin`);
  using file = await Deno.open(`${place}/weights.bin`, { write: true });
  for (const [name, { dims, offset }] of Object.entries(floats)) {
    const bytes = blocks[`${name}.bytes`];
    if (!bytes) continue;
    const [columns, rows] = dims;
    const levels = bytesOf(packed, bytes);
    const scales = new Float32Array(
      bytesOf(packed, blocks[`${name}.scales`]).slice().buffer,
    );
    const perScale = levels.length / scales.length;
    const matrix = new Float32Array(levels.length);
    for (let i = 0; i < levels.length; i++) {
      const [row, column] = [Math.floor(i / columns), i % columns];
      matrix[column * rows + row] = (levels[i] - ZERO) *
        scales[Math.floor(i / perScale)];
    }
    await file.seek(offset, Deno.SeekMode.Start);
    const writer = file.writable.getWriter();
    await writer.write(new Uint8Array(matrix.buffer));
    writer.releaseLock();
  }
}

async function directory({ folder }: Artefact): Promise<Directory> {
  return JSON.parse(await Deno.readTextFile(`${folder}/weights.json`));
}

function bytesOf(
  packed: Uint8Array,
  { offset, length }: StoredTensor,
): Uint8Array {
  return packed.subarray(offset, offset + length);
}
