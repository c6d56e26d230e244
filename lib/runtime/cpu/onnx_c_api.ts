/**
 * ONNX Runtime's C interface, in the library that onnxruntime-node brings along.
 *
 * The JavaScript binding copies every output at every pass, KV buffers included;
 * here a tensor is the memory of a typed array, read and written in place. The
 * interface is a table of functions to which versions only append
 * (onnxruntime_c_api.h: "the size of version 1 API cannot change"), so a function
 * is known by its place in it.
 *
 * @module
 */

// The import puts the package into Deno's cache, with or without a lock file.
import "onnxruntime-node/package.json" with { type: "json" };
import { SONAME } from "./unload.ts";

/** Where the library lies in the package, by operating system. */
const LIBRARY: Partial<Record<typeof Deno.build.os, string>> = {
  linux: `linux/{arch}/${SONAME}`,
  darwin: "darwin/{arch}/libonnxruntime.1.dylib",
  windows: "win32/{arch}/onnxruntime.dll",
};

/** The package's names of processors. */
const ARCH = { x86_64: "x64", aarch64: "arm64" };

/** Version of the table that is asked for. */
const API_VERSION = 17;

/** Version of the library that the places of functions were checked against. */
const LIBRARY_VERSION = "1.30.0";

/** Logs warnings and worse. */
const WARNING = 2;

/** The library's number of the allocator that asks the system each time. */
export const DEVICE_ALLOCATOR = 0;

/** The library's number of the allocator that keeps memory for the next run. */
const ARENA_ALLOCATOR = 1;

/** The library's number of the usual kind of memory. */
export const DEFAULT_MEMORY = 0;

/** How a session is run. */
const RUN = {
  parameters: [
    "pointer", // session
    "pointer", // options
    "buffer", // input names
    "buffer", // inputs
    "usize",
    "buffer", // output names
    "usize",
    "buffer", // outputs
  ],
  result: "pointer",
} as const;

/** The functions in use, bound. */
export type OnnxCApi = ReturnType<typeof openOnnxCApi>;

/** Loads the library. */
export function openOnnxCApi() {
  // By default it marks the machine and reports to its maker.
  Deno.env.set("ORT_DISABLE_TELEMETRY", "1");
  const library = Deno.dlopen(libraryPath(), {
    OrtGetApiBase: { parameters: [], result: "pointer" },
  });
  const base = library.symbols.OrtGetApiBase()!;
  checkVersion(base);
  const getApi = new Deno.UnsafeFnPointer(
    functionAt(base, 0),
    { parameters: ["u32"], result: "pointer" },
  );
  const table = getApi.call(API_VERSION)!;
  const bind = <const F extends Deno.ForeignFunction>(
    place: number,
    definition: F,
  ) => new Deno.UnsafeFnPointer(functionAt(table, place), definition);

  const getErrorMessage = bind(2, {
    parameters: ["pointer"],
    result: "pointer",
  });
  const releaseStatus = bind(93, { parameters: ["pointer"], result: "void" });

  /** @throws {Error} with the library's words, if a status is not success. */
  function check(status: Deno.PointerValue): void {
    if (status === null) return;
    const message = new Deno.UnsafePointerView(getErrorMessage.call(status)!)
      .getCString();
    releaseStatus.call(status);
    throw new Error(message);
  }

  const createEnv = bind(3, {
    parameters: ["i32", "buffer", "buffer"],
    result: "pointer",
  });
  const releaseEnv = bind(92, { parameters: ["pointer"], result: "void" });
  const environment = made((out) =>
    check(createEnv.call(WARNING, cString("bita"), out))
  );
  const createCpuMemoryInfo = bind(69, {
    parameters: ["i32", "i32", "buffer"],
    result: "pointer",
  });
  const releaseMemoryInfo = bind(94, {
    parameters: ["pointer"],
    result: "void",
  });
  const createAndRegisterAllocator = bind(144, {
    parameters: ["pointer", "pointer", "pointer"], // environment, memory, settings
    result: "pointer",
  });

  /** Adds memory to the environment that sessions compute in by turns. */
  function addArena(): void {
    const memory = made((out) =>
      check(createCpuMemoryInfo.call(ARENA_ALLOCATOR, DEFAULT_MEMORY, out))
    );
    // The models of a process have one environment, in which only the first can add it.
    releaseStatus.call(
      createAndRegisterAllocator.call(environment, memory, null),
    );
    releaseMemoryInfo.call(memory);
  }

  addArena();
  return {
    check,
    environment,
    /**
     * Frees the environment, in which all must be released; none of these functions may
     * be called any more.
     */
    close() {
      releaseEnv.call(environment);
      // Elsewhere a loader may unload it under threads that still have its variables.
      if (Deno.build.os === "linux") library.close();
    },
    createSession: bind(7, {
      parameters: ["pointer", "buffer", "pointer", "buffer"],
      result: "pointer",
      nonblocking: true,
    }),
    run: bind(9, { ...RUN, nonblocking: true }),
    runHere: bind(9, RUN),
    createSessionOptions: bind(10, {
      parameters: ["buffer"],
      result: "pointer",
    }),
    setIntraOpNumThreads: bind(24, {
      parameters: ["pointer", "i32"],
      result: "pointer",
    }),
    createTensorWithData: bind(49, {
      parameters: [
        "pointer", // memory info
        "buffer", // data
        "usize",
        "buffer", // dims
        "usize",
        "i32", // element type
        "buffer",
      ],
      result: "pointer",
    }),
    createCpuMemoryInfo,
    releaseMemoryInfo,
    releaseSession: bind(95, { parameters: ["pointer"], result: "void" }),
    releaseValue: bind(96, { parameters: ["pointer"], result: "void" }),
    releaseSessionOptions: bind(100, {
      parameters: ["pointer"],
      result: "void",
    }),
    addSessionConfigEntry: bind(130, {
      parameters: ["pointer", "buffer", "buffer"], // options, key, value
      result: "pointer",
    }),
    addInitializer: bind(150, {
      parameters: ["pointer", "buffer", "pointer"], // options, name, value
      result: "pointer",
    }),
    createPrepackedWeights: bind(166, {
      parameters: ["buffer"],
      result: "pointer",
    }),
    releasePrepackedWeights: bind(167, {
      parameters: ["pointer"],
      result: "void",
    }),
    createSessionWithPrepackedWeights: bind(168, {
      parameters: ["pointer", "buffer", "pointer", "pointer", "buffer"],
      result: "pointer",
      nonblocking: true,
    }),
  };
}

/** Returns what a function puts into its out parameter. */
export function made(
  make: (out: BigUint64Array<ArrayBuffer>) => void,
): Deno.PointerValue {
  const out = new BigUint64Array(1);
  make(out);
  return Deno.UnsafePointer.create(out[0]);
}

/** Encodes a text as C has it, with a zero at its end. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

/** @throws {TypeError} if the library is another version. */
function checkVersion(base: Deno.PointerObject): void {
  const getVersion = new Deno.UnsafeFnPointer(
    functionAt(base, 1),
    { parameters: [], result: "pointer" },
  );
  const version = new Deno.UnsafePointerView(getVersion.call()!).getCString();
  if (version === LIBRARY_VERSION) return;
  throw new TypeError(
    `Cannot open cpu: ONNX Runtime ${LIBRARY_VERSION} is required: received ${version}`,
  );
}

function functionAt(
  table: Deno.PointerObject,
  place: number,
): Deno.PointerObject<never> {
  const view = new Deno.UnsafePointerView(table);
  return view.getPointer(place * 8) as Deno.PointerObject<never>;
}

function libraryPath(): URL {
  const { os, arch } = Deno.build;
  const path = LIBRARY[os]?.replace("{arch}", ARCH[arch]);
  if (!path) {
    throw new Deno.errors.NotSupported(
      `Cannot open cpu: linux, darwin or windows is required: received ${os}`,
    );
  }
  // The package's entry is dist/index.js.
  const entry = import.meta.resolve("onnxruntime-node");
  return new URL(`../bin/napi-v6/${path}`, entry);
}
