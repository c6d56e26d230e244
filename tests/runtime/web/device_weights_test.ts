import { assert, assertEquals, assertRejects } from "@std/assert";
import { Readback } from "../../../lib/runtime/web/readback.ts";
import { DeviceWeights } from "../../../lib/runtime/web/device_weights.ts";
import { findGpu } from "../_gpu.ts";
import { tinyArtefact } from "../_tiny.ts";

const ignore = !await findGpu();

Deno.test({
  name: "the graphs of a model have the same weights on the device, read once",
  ignore,
  async fn() {
    const { folder } = await tinyArtefact("int8");
    const device = await (await findGpu())!.requestDevice();
    const weights = new DeviceWeights(device);
    const graph = (name: string) => weights.read(`${folder}/${name}.onnx`);
    const [one, two] = [await graph("body"), await graph("body-2")];
    assert(Object.keys(one.weights).length > 10);
    assertEquals(Object.keys(two.weights), Object.keys(one.weights));
    for (const [name, tensor] of Object.entries(one.weights)) {
      assert(two.weights[name] === tensor);
    }

    const directory = JSON.parse(
      await Deno.readTextFile(`${folder}/weights.json`),
    );
    const file = await Deno.readFile(`${folder}/weights.bin`);
    const readback = await Readback.open(device);
    for (const name of ["blk.1.attn_qkv.bytes", "output_norm.weight"]) {
      const { offset, length } = directory[name];
      const { gpuBuffer, dims } = one.weights[name];
      const bytes = await readback.read(length, (encoder, to) => {
        encoder.copyBufferToBuffer(gpuBuffer as GPUBuffer, 0, to, 0, length);
      });
      assertEquals(new Uint8Array(bytes), file.slice(offset, offset + length));
      assertEquals(dims, directory[name].dims);
    }

    await Deno.truncate(`${folder}/weights.bin`, 100);
    await assertRejects(
      () => new DeviceWeights(device).read(`${folder}/body.onnx`),
      Deno.errors.UnexpectedEof,
      "Cannot read weights",
    );
    device.destroy();
  },
});
