/**
 * A session of native CPU kernels whose tensors are typed arrays, without a copy.
 *
 * @module
 */

import { basename } from "node:path";
import type { KvBuffer, NamedTensors, Session } from "../backend.ts";
import { kvNames } from "../kv/kv_layout.ts";
import {
  type Addresses,
  type NativeTensors,
  toAddresses,
} from "./native_tensors.ts";
import { cString, made, type OnnxCApi } from "./onnx_c_api.ts";
import type { SharedWeights } from "./shared_weights.ts";

/**
 * Keys of settings. Each session has threads of its own; between runs they would spin,
 * and take the processors from the session that runs meanwhile. And it would keep the
 * memory that it computed in, though few run at once.
 */
const SETTINGS = {
  stopSpinning: "session.force_spinning_stop",
  shareMemory: "session.use_env_allocators",
};

/** How a session runs. */
export interface NativeSessionOptions {
  api: OnnxCApi;
  tensors: NativeTensors;
  /** Threads that compute. */
  threads: number;
  /** Weights that other sessions have too; else it reads its own. */
  weights?: SharedWeights;
  /** Whether a run holds up its caller's thread, rather than go to another first. */
  brief?: boolean;
}

/** A session that holds native memory. */
export interface NativeSession extends Session {
  /** Frees its memory; it must not be running. */
  close(): void;
}

/** Opens the graph file at `path`. */
export async function openNativeSession(
  path: string,
  options: NativeSessionOptions,
): Promise<NativeSession> {
  const { api, tensors, brief } = options;
  const { check } = api;
  const session = await createSession(path, options);
  const run = brief ? api.runHere : api.run;
  const toName = nameKeeper();
  /** By the number of KV buffers, the names of all their tensors. */
  const kvAddresses = new Map<number, Record<"past" | "present", Addresses>>();

  /** Another session's buffers have the same names, if they are as many. */
  function namesOf(kv: readonly KvBuffer[]) {
    const known = kvAddresses.get(kv.length);
    if (known || kv.length === 0) return known;
    const names = kv.flatMap(({ tensors }, lane) => {
      const suffix = kv.length > 1 ? `.${lane}` : "";
      return kvNames(tensors.length / 2).map(({ past, present }) => ({
        past: toName(past + suffix),
        present: toName(present + suffix),
      }));
    });
    const made = {
      past: toAddresses(names.map(({ past }) => past)),
      present: toAddresses(names.map(({ present }) => present)),
    };
    kvAddresses.set(kv.length, made);
    return made;
  }

  const running = new Set<unknown>();
  return {
    close: () => api.releaseSession.call(session),
    async run(feeds, fetches, kv = []) {
      const outputs = fetches as NamedTensors;
      const ins = Object.values(feeds).map((tensor) => tensors.value(tensor));
      const outs = Object.values(outputs).map((t) => tensors.value(t));
      const kept = kv.map((buffer) => buffer.tensors);
      const keptValues = kept.map((list) => tensors.addresses(list));
      const names = namesOf(kv);
      const nameList = (own: object, kvNames: Addresses | undefined) =>
        join([toAddresses(Object.keys(own).map(toName)), kvNames ?? NONE]);
      // Another thread reads these; nothing that it reads may be collected.
      const held = [
        nameList(feeds, names?.past),
        join([toAddresses(ins), ...keptValues]),
        nameList(outputs, names?.present),
        join([toAddresses(outs), ...keptValues]),
        feeds,
        outputs,
        kept,
      ] as const;
      running.add(held);
      try {
        const [inNames, inValues, outNames, outValues] = held;
        check(
          await run.call(
            session,
            null,
            inNames,
            inValues,
            BigInt(inValues.length),
            outNames,
            BigInt(outValues.length),
            outValues,
          ),
        );
      } finally {
        tensors.release(ins);
        tensors.release(outs);
        running.delete(held);
      }
      return outputs;
    },
  };
}

const NONE: Addresses = new BigUint64Array(0);

async function createSession(
  path: string,
  { api, threads, weights }: NativeSessionOptions,
): Promise<Deno.PointerValue> {
  const { check, environment } = api;
  const options = made((out) => check(api.createSessionOptions.call(out)));
  try {
    check(api.setIntraOpNumThreads.call(options, threads));
    for (const key of Object.values(SETTINGS)) {
      check(
        api.addSessionConfigEntry.call(options, cString(key), cString("1")),
      );
    }
    weights?.addTo(options);
    const file = pathString(path);
    const out = new BigUint64Array(1);
    const created = weights
      ? api.createSessionWithPrepackedWeights.call(
        environment,
        file,
        options,
        weights.packedFor(basename(path, ".onnx")),
        out,
      )
      : api.createSession.call(environment, file, options, out);
    check(await created);
    return Deno.UnsafePointer.create(out[0]);
  } finally {
    api.releaseSessionOptions.call(options);
  }
}

/** Returns a function that turns names into C strings, each of them once. */
function nameKeeper(): (name: string) => Deno.PointerValue {
  const texts = new Map<string, Uint8Array<ArrayBuffer>>();
  return (name) => {
    const text = texts.get(name) ?? cString(name);
    texts.set(name, text);
    return Deno.UnsafePointer.of(text);
  };
}

function join(parts: readonly Addresses[]): Addresses {
  const size = parts.reduce((sum, { length }) => sum + length, 0);
  const all = new BigUint64Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Encodes a path as the library wants it: wide characters on Windows. */
function pathString(path: string): Uint8Array<ArrayBuffer> {
  if (Deno.build.os !== "windows") return cString(path);
  const units = Uint16Array.from(`${path}\0`, (c) => c.charCodeAt(0));
  return new Uint8Array(units.buffer);
}
