/**
 * A session that gives the device what an earlier run gave it, if the inputs of both
 * have the same shapes. Only other runs are computed by ONNX Runtime.
 *
 * For each dispatch, ONNX Runtime derives from shapes alone what it gives the device.
 * That takes this thread ten times as long as to give it.
 *
 * @module
 */

import type { KvBuffer, NamedTensors, Session } from "../backend.ts";
import type { Recorder } from "./recorder.ts";
import { Recording, type Scratch } from "./recording.ts";

/** Recordings that a session keeps; the least recently used goes. */
const KEPT = 64;

/** What runs are recorded with. */
export interface RecordedParts {
  device: GPUDevice;
  recorder: Recorder;
  scratch: Scratch;
}

/** Records the runs of a session. Inputs in main memory are constants of a recording. */
export function recordedSession(
  session: Session,
  { device, recorder, scratch }: RecordedParts,
): Session {
  const recordings = new Map<string, Recording>();
  return {
    async run(feeds, fetches, kv = []) {
      for (const buffer of kv) await buffer.ready?.();
      const given = buffersOf(feeds, kv);
      const key = keyOf(feeds, kv, given);
      const known = recordings.get(key);
      if (known) {
        recordings.delete(key);
        recordings.set(key, known);
        return known.run(given);
      }
      const { result, dispatches } = await recorder.record(() =>
        session.run(feeds, fetches, kv)
      );
      if (!dispatches) return result;
      const outputs = Object.fromEntries(
        Object.keys(fetches).map((name) => [name, result[name]]),
      );
      const parts = { dispatches, given, outputs, scratch };
      recordings.set(key, new Recording(device, parts));
      if (recordings.size > KEPT) {
        const [[oldest, recording]] = recordings;
        recordings.delete(oldest);
        recording.free();
      }
      return result;
    },
  };
}

/** Lists the buffers of inputs and KV caches. */
function buffersOf(feeds: NamedTensors, kv: readonly KvBuffer[]): GPUBuffer[] {
  return [...Object.values(feeds), ...kv.flatMap(({ tensors }) => tensors)]
    .filter(({ location }) => location === "gpu-buffer")
    .map(({ gpuBuffer }) => gpuBuffer as GPUBuffer);
}

/** Names all that dispatches depend on, but for what is in the buffers. */
function keyOf(
  feeds: NamedTensors,
  kv: readonly KvBuffer[],
  given: readonly GPUBuffer[],
): string {
  const inputs = Object.entries(feeds).map(([name, tensor]) => {
    const value = tensor.location === "cpu" ? `=${tensor.data}` : "";
    return `${name}[${tensor.dims}]${value}`;
  });
  const slots = kv.map(({ tensors: [{ dims }] }) => dims.join());
  // Idle sequences have the same KV cache.
  const first = new Map<GPUBuffer, number>();
  const repeated = given.flatMap((buffer, i) => {
    const before = first.get(buffer);
    if (before === undefined) first.set(buffer, i);
    return before === undefined ? [] : [`${i}=${before}`];
  });
  return [...inputs, ...slots, ...repeated].join(" ");
}
