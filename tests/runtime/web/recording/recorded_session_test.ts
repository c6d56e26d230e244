import { assert, assertEquals, fail } from "@std/assert";
import { Tensor } from "onnxruntime-web/jspi";
import type { KvBuffer, Session } from "../../../../lib/runtime/backend.ts";
import { compiler } from "../../../../lib/runtime/web/compile.ts";
import { GatedKernel } from "../../../../lib/runtime/web/recording/gated_kernel.ts";
import { Readback } from "../../../../lib/runtime/web/readback.ts";
import { recordedSession } from "../../../../lib/runtime/web/recording/recorded_session.ts";
import {
  Recorder,
  writtenBindings,
} from "../../../../lib/runtime/web/recording/recorder.ts";
import { Scratch } from "../../../../lib/runtime/web/recording/recording.ts";
import { findGpu } from "../../_gpu.ts";

const ignore = !await findGpu();
const { STORAGE, COPY_SRC, COPY_DST, UNIFORM } = GPUBufferUsage;

/** Adds numbers to what a buffer holds. */
const ADD = `
  @group(0) @binding(0) var<storage, read> x: array<f32>;
  @group(0) @binding(1) var<storage, read_write> held: array<f32>;
  @group(0) @binding(2) var<storage, read_write> sum: array<f32>;
  @compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    held[id.x] += x[id.x];
    sum[id.x] = held[id.x];
  }`;

/** Doubles numbers, adds a weight, and notes the sum in a KV cache. */
const SHADERS = [
  `@group(0) @binding(0) var<storage, read> x: array<f32>;
   @group(0) @binding(1) var<storage, read_write> twice: array<f32>;
   @compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
     twice[id.x] = 2.0 * x[id.x];
   }`,
  `@group(0) @binding(0) var<storage, read> twice: array<f32>;
   @group(0) @binding(1) var<storage, read> weight: array<f32>;
   @group(0) @binding(2) var<storage, read_write> kv: array<f32>;
   @group(0) @binding(3) var<storage, read_write> sum: array<f32>;
   @group(0) @binding(4) var<uniform> plus: f32;
   @compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
     kv[id.x] = twice[id.x];
     sum[id.x] = twice[id.x] + weight[0] + plus;
   }`,
];

/** A session as ONNX Runtime's: it takes buffers that it has used before. */
function kernels(device: GPUDevice) {
  const buffer = (size: number, usage = STORAGE | COPY_DST | COPY_SRC) =>
    device.createBuffer({ size, usage });
  const pipelines = SHADERS.map((code) =>
    device.createComputePipeline({
      layout: "auto",
      compute: { module: device.createShaderModule({ code }) },
    })
  );
  const [twice, weight] = [buffer(64), buffer(16)];
  const plus = buffer(16, UNIFORM | COPY_DST);
  device.queue.writeBuffer(weight, 0, Float32Array.of(100));
  let runs = 0;
  const session: Session = {
    run({ x }, _, [kv] = []) {
      runs++;
      const sum = buffer(64);
      const size = Float32Array.of(x.size, 0, 0, 0);
      device.queue.writeBuffer(plus, 0, new Uint8Array(size.buffer));
      const places = [[x.gpuBuffer, twice], [
        twice,
        weight,
        kv.tensors[0].gpuBuffer,
        sum,
        plus,
      ]] as GPUBuffer[][];
      const encoder = device.createCommandEncoder();
      for (const [i, buffers] of places.entries()) {
        const pass = encoder.beginComputePass();
        pass.setPipeline(pipelines[i]);
        const entries = buffers.map((buffer, binding) => (
          { binding, resource: { buffer } }
        ));
        const layout = pipelines[i].getBindGroupLayout(0);
        pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
        pass.dispatchWorkgroups(x.size);
        pass.end();
      }
      device.queue.submit([encoder.finish()]);
      return Promise.resolve({ sum: onDevice(sum, x.size) });
    },
  };
  return { session, buffer, twice, count: () => runs };
}

/** Opens a device of its own, and what runs are recorded with on it. */
async function openParts() {
  const device = await (await findGpu())!.requestDevice();
  return {
    device,
    recorder: new Recorder(device),
    scratch: new Scratch(device),
    kernel: new GatedKernel(device, compiler(device, fail)),
    readback: await Readback.open(device),
  };
}

function onDevice(buffer: GPUBuffer, size: number): Tensor {
  return Tensor.fromGpuBuffer(buffer, { dataType: "float32", dims: [size] });
}

Deno.test("writtenBindings() lists what a shader may write", () => {
  assertEquals([...writtenBindings(SHADERS[0])], [1]);
  assertEquals([...writtenBindings(SHADERS[1])], [2, 3]);
});

Deno.test({
  name: "recordedSession() computes other numbers of the same shapes by itself",
  ignore,
  async fn() {
    const parts = await openParts();
    const { device, readback } = parts;
    const { session, buffer, twice, count } = kernels(device);
    const recorded = recordedSession(session, parts);
    const caches = [0, 1].map(() => onDevice(buffer(16), 4));
    const read = async ({ gpuBuffer, size }: Tensor) => [
      ...new Float32Array(
        await readback.read(4 * size, (encoder, to) => {
          const from = gpuBuffer as GPUBuffer;
          encoder.copyBufferToBuffer(from, 0, to, 0, 4 * size);
        }),
      ),
    ];
    const run = async (numbers: number[], cache: Tensor) => {
      const input = buffer(16);
      device.queue.writeBuffer(input, 0, Float32Array.from(numbers));
      const x = onDevice(input, numbers.length);
      const kv = [{ tensors: [cache] } as unknown as KvBuffer];
      const { sum } = await recorded.run({ x }, { sum: null }, kv);
      return sum as Tensor;
    };
    const first = await run([1, 2, 3], caches[0]);
    // Neither what is left in its buffers nor earlier outputs matter.
    device.queue.writeBuffer(twice, 0, new Float32Array(16).fill(NaN));
    const second = await run([4, 5, 6], caches[1]);
    const third = await run([7, 8, 9], caches[0]);
    assertEquals(count(), 1);
    assertEquals(await read(first), [105, 107, 109]);
    assertEquals(await read(second), [111, 113, 115]);
    assertEquals(await read(third), [117, 119, 121]);
    assertEquals(await read(caches[0]), [14, 16, 18, 0]);
    assertEquals(await read(caches[1]), [8, 10, 12, 0]);

    assertEquals(await read(await run([1, 2], caches[1])), [104, 106]);
    assertEquals(count(), 2, "other shapes are other kernels' arguments");
    assert(device.createBindGroup === GPUDevice.prototype.createBindGroup);
    device.destroy();
  },
});

Deno.test({
  name: "recordedSession() runs again what writes to its buffers otherwise",
  ignore,
  async fn() {
    const parts = await openParts();
    const { device } = parts;
    const { session, buffer, twice, count } = kernels(device);
    const recorded = recordedSession({
      run(...args) {
        device.queue.writeBuffer(twice, 0, new Float32Array(4));
        return session.run(...args);
      },
    }, parts);
    const feeds = { x: onDevice(buffer(16), 4) };
    const kv = [{ tensors: [onDevice(buffer(16), 4)] } as unknown as KvBuffer];
    await recorded.run(feeds, { sum: null }, kv);
    await recorded.run(feeds, { sum: null }, kv);
    assertEquals(count(), 2);
    device.destroy();
  },
});

Deno.test({
  name: "recordedSession() leaves runs to kernels that need cleared buffers",
  ignore,
  async fn() {
    const parts = await openParts();
    const { device, readback } = parts;
    const size = 16;
    const usage = STORAGE | COPY_DST | COPY_SRC;
    const buffer = () => device.createBuffer({ size, usage });
    const pipeline = device.createComputePipeline({
      layout: "auto",
      compute: { module: device.createShaderModule({ code: ADD }) },
    });
    const [input, held] = [buffer(), buffer()];
    device.queue.writeBuffer(input, 0, Float32Array.of(1, 2, 3, 4));
    let runs = 0;
    const recorded = recordedSession({
      run({ x }) {
        runs++;
        const sum = buffer();
        const encoder = device.createCommandEncoder();
        encoder.clearBuffer(held);
        const pass = encoder.beginComputePass();
        pass.setPipeline(pipeline);
        const buffers = [x.gpuBuffer as GPUBuffer, held, sum];
        const entries = buffers.map((buffer, binding) => (
          { binding, resource: { buffer } }
        ));
        const layout = pipeline.getBindGroupLayout(0);
        pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
        pass.dispatchWorkgroups(4);
        pass.end();
        device.queue.submit([encoder.finish()]);
        return Promise.resolve({ sum: onDevice(sum, 4) });
      },
    }, parts);
    for (const expected of [1, 2, 3]) {
      const x = onDevice(input, 4);
      const { sum } = await recorded.run({ x }, { sum: null });
      const bytes = await readback.read(size, (encoder, to) => {
        const from = sum.gpuBuffer as GPUBuffer;
        encoder.copyBufferToBuffer(from, 0, to, 0, size);
      });
      assertEquals([...new Float32Array(bytes)], [1, 2, 3, 4]);
      assertEquals(runs, expected);
    }
    device.destroy();
  },
});
