/**
 * A session of native CPU kernels whose tensors are typed arrays, without a copy.
 *
 * @module
 */

import type { Tensor } from "onnxruntime-common";
import type { NamedTensors, Session } from "../backend.ts";
import { cString, made, type OnnxCApi } from "./onnx_c_api.ts";

/** ONNX's numbers of the element types in use. */
const ELEMENT: Partial<Record<Tensor.Type, number>> = {
  float32: 1,
  int32: 6,
  int64: 7,
};

/** ONNX Runtime's numbers of an allocator and a kind of memory. */
const DEVICE_ALLOCATOR = 0;
const DEFAULT_MEMORY = 0;

/** Key of the setting that lets threads sleep as soon as a run ends. */
const STOP_SPINNING = "session.force_spinning_stop";

/** How a session runs. */
export interface NativeSessionOptions {
  /** Threads that compute. */
  threads: number;
  /** Whether a run holds up its caller's thread, rather than go to another first. */
  brief?: boolean;
}

/** Opens the graph file at `path`. */
export function openNativeSession(
  api: OnnxCApi,
  path: string,
  { threads, brief }: NativeSessionOptions,
): Session {
  const run = brief ? api.runHere : api.run;
  const { check } = api;
  const options = made((out) => check(api.createSessionOptions.call(out)));
  check(api.setIntraOpNumThreads.call(options, threads));
  // Each session has threads of its own. Between runs they would spin, and take
  // the processors from the session that runs meanwhile.
  check(
    api.addSessionConfigEntry.call(
      options,
      cString(STOP_SPINNING),
      cString("1"),
    ),
  );
  const session = made((out) =>
    check(
      api.createSession.call(api.environment, pathString(path), options, out),
    )
  );
  const memory = made((out) =>
    check(api.createCpuMemoryInfo.call(DEVICE_ALLOCATOR, DEFAULT_MEMORY, out))
  );

  function toValue({ type, dims, data }: Tensor): Deno.PointerValue {
    const bytes = data as Float32Array<ArrayBuffer>;
    const sizes = BigInt64Array.from(dims, BigInt);
    return made((out) =>
      check(api.createTensorWithData.call(
        memory,
        bytes,
        BigInt(bytes.byteLength),
        sizes,
        BigInt(sizes.length),
        ELEMENT[type]!,
        out,
      ))
    );
  }

  const lasting = new WeakMap<Tensor, Deno.PointerValue>();
  const forgotten = new FinalizationRegistry<Deno.PointerValue>((value) =>
    api.releaseValue.call(value)
  );

  /** Makes the value of a tensor that later runs will have too, once. */
  function toLastingValue(tensor: Tensor): Deno.PointerValue {
    const known = lasting.get(tensor);
    if (known !== undefined) return known;
    const value = toValue(tensor);
    lasting.set(tensor, value);
    forgotten.register(tensor, value);
    return value;
  }

  const running = new Set<unknown>();
  const names = new Map<string, Uint8Array<ArrayBuffer>>();

  function toName(name: string): Deno.PointerValue {
    const text = names.get(name) ?? cString(name);
    names.set(name, text);
    return Deno.UnsafePointer.of(text);
  }

  return {
    async run(feeds, fetches) {
      const outputs = fetches as NamedTensors;
      // What is read and written in place is a KV buffer: many, and the same each run.
      const read = new Set(Object.values(feeds));
      const kept = new Set(Object.values(outputs).filter((t) => read.has(t)));
      const passing: Deno.PointerValue[] = [];
      const value = (tensor: Tensor) => {
        if (kept.has(tensor)) return toLastingValue(tensor);
        const made = toValue(tensor);
        passing.push(made);
        return made;
      };
      const ins = Object.values(feeds).map(value);
      const outs = Object.values(outputs).map(value);
      // Another thread reads these; nothing that it reads may be collected.
      const held = [
        addresses(Object.keys(feeds).map(toName)),
        addresses(ins),
        addresses(Object.keys(outputs).map(toName)),
        addresses(outs),
        feeds,
      ] as const;
      running.add(held);
      try {
        const [inNames, inValues, outNames, outValues] = held;
        const [inCount, outCount] = [BigInt(ins.length), BigInt(outs.length)];
        check(
          await run.call(
            session,
            null,
            inNames,
            inValues,
            inCount,
            outNames,
            outCount,
            outValues,
          ),
        );
      } finally {
        for (const value of passing) api.releaseValue.call(value);
        running.delete(held);
      }
      return outputs;
    },
  };
}

function addresses(
  pointers: Deno.PointerValue[],
): BigUint64Array<ArrayBuffer> {
  return BigUint64Array.from(
    pointers,
    (pointer) => Deno.UnsafePointer.value(pointer),
  );
}

/** Encodes a path as the library wants it: wide characters on Windows. */
function pathString(path: string): Uint8Array<ArrayBuffer> {
  if (Deno.build.os !== "windows") return cString(path);
  const units = Uint16Array.from(`${path}\0`, (c) => c.charCodeAt(0));
  return new Uint8Array(units.buffer);
}
