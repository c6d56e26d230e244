import { assertEquals, fail } from "@std/assert";
import { InferenceSession, Tensor } from "onnxruntime-web/jspi";
import { uniform } from "../../../../lib/bita/choose/random.ts";
import { type Compile, compiler } from "../../../../lib/runtime/web/compile.ts";
import { DeviceWeights } from "../../../../lib/runtime/web/device_weights.ts";
import { Readback } from "../../../../lib/runtime/web/readback.ts";
import { GatedKernel } from "../../../../lib/runtime/web/recording/gated_kernel.ts";
import { recordedSession } from "../../../../lib/runtime/web/recording/recorded_session.ts";
import { Recorder } from "../../../../lib/runtime/web/recording/recorder.ts";
import { Scratch } from "../../../../lib/runtime/web/recording/recording.ts";
import { webSession } from "../../../../lib/runtime/web/web_session.ts";
import { GraphBuilder } from "../../../../models/graph/graph_builder.ts";
import { linear, storeLinear } from "../../../../models/graph/linear.ts";
import { WeightsFile } from "../../../../models/graph/weights_file.ts";
import { findGpu } from "../../_gpu.ts";
import { TrafficCounter } from "../_traffic.ts";

const ignore = !await findGpu();

/** No multiple of 64 threads, nor of 64 columns. */
const [DIM, HIDDEN] = [288, 352];

/** Writes a gated network with the norm before it. */
async function writeNetwork(folder: string, bits: 4 | 8): Promise<void> {
  using weights = new WeightsFile(`${folder}/weights.bin`);
  const numbers = (seed: number, length: number) =>
    Float32Array.from({ length }, (_, i) => uniform(seed, i) - 0.5);
  const shapes = {
    gate: [HIDDEN, DIM],
    up: [HIDDEN, DIM],
    down: [DIM, HIDDEN],
  };
  for (const [i, [name, [rows, columns]]] of Object.entries(shapes).entries()) {
    const matrix = { rows, columns, data: numbers(i, rows * columns) };
    storeLinear(weights, name, { matrix, format: "int8", bits });
  }
  const graph = new GraphBuilder(weights);
  const inputs = ["x", "change"]
    .map((name) => graph.input(name, "float32", [1, "rows", DIM]));
  const gamma = graph.weight("gamma", [DIM], numbers(9, DIM));
  const domain = "com.microsoft";
  const n = graph.node("SkipSimplifiedLayerNormalization", [...inputs, gamma], {
    domain,
    outputs: ["n", "", "", "sum"],
    floats: { epsilon: 1e-5 },
  });
  const silu = graph.node("QuickGelu", [linear(graph, n, "gate")], {
    domain,
    floats: { alpha: 1 },
  });
  const product = graph.node("Mul", [silu, linear(graph, n, "up")]);
  const down = linear(graph, product, "down");
  graph.node("Add", [down, "sum"], { outputs: ["y"] });
  graph.output("y", [1, "rows", DIM]);
  await Deno.writeFile(`${folder}/body.onnx`, await graph.encode());
  await Deno.writeTextFile(`${folder}/weights.json`, weights.directory());
}

Deno.test({
  name:
    "one kernel computes the bits of the four that it replaces, unless it is refused",
  ignore,
  async fn() {
    using counter = new TrafficCounter();
    const folder = await Deno.makeTempDir();
    const adapter = (await findGpu())!;
    const { maxStorageBuffersPerShaderStage } = adapter.limits;
    const device = await adapter.requestDevice({
      requiredLimits: { maxStorageBuffersPerShaderStage },
    });
    const readback = await Readback.open(device);
    const parts = {
      device,
      readback,
      recorder: new Recorder(device),
      scratch: new Scratch(device),
    };
    const compile = compiler(device, fail);
    const refuse: Compile = () => Promise.resolve(undefined);
    const put = (seed: number, rows: number) => {
      const data = Float32Array.from(
        { length: rows * DIM },
        (_, i) => 4 * uniform(seed, i) - 2,
      );
      const buffer = device.createBuffer({
        size: data.byteLength,
        usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
      });
      device.queue.writeBuffer(buffer, 0, data);
      const dims = [1, rows, DIM];
      return Tensor.fromGpuBuffer(buffer, { dataType: "float32", dims });
    };
    const cases = [
      { bits: 8, compile, widths: [4, 17, 31], isReplaced: 1 },
      { bits: 4, compile, widths: [4, 17, 31], isReplaced: 1 },
      { bits: 4, compile: refuse, widths: [4], isReplaced: 0 },
    ] as const;
    for (const { bits, compile, widths, isReplaced } of cases) {
      await writeNetwork(folder, bits);
      const kernel = new GatedKernel(device, compile);
      const weights = new DeviceWeights(device);
      const graph = await weights.read(`${folder}/body.onnx`);
      const session = webSession(
        await InferenceSession.create(graph.model, {
          executionProviders: [{ name: "webgpu", device }],
          preferredOutputLocation: "gpu-buffer",
        }),
      );
      const recorded = recordedSession({
        run: (feeds, ...rest) =>
          session.run({ ...graph.weights, ...feeds }, ...rest),
      }, { ...parts, kernel });
      for (const rows of widths) {
        const feeds = { x: put(1, rows), change: put(2, rows) };
        const run = async () => {
          counter.take();
          const { y } = await recorded.run(feeds, { y: null });
          const { GatedFeedForward = 0, SkipLayerNorm = 0 } =
            counter.take().dispatches;
          const size = 4 * y.size;
          const bytes = await readback.read(size, (encoder, to) => {
            const from = y.gpuBuffer as GPUBuffer;
            encoder.copyBufferToBuffer(from, 0, to, 0, size);
          });
          const kernels = { GatedFeedForward, SkipLayerNorm };
          return { bits: new Uint32Array(bytes), kernels };
        };
        const expected = await run(); // by ONNX Runtime
        // The first recording runs at once.
        assertEquals(expected.kernels.SkipLayerNorm, isReplaced ? 1 : 2);
        const { bits, kernels } = await run();
        assertEquals(kernels, {
          GatedFeedForward: isReplaced,
          SkipLayerNorm: 1 - isReplaced,
        });
        assertEquals(bits, expected.bits);
      }
    }
    await Deno.remove(folder, { recursive: true });
    device.destroy();
  },
});
