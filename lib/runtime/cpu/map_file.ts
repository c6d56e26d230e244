/**
 * A file as memory, whose pages the system reads when they are needed and drops when
 * they are not.
 *
 * @module
 */

/** Where `open`, `mmap` and their like are, by operating system. */
const LIBC: Partial<Record<typeof Deno.build.os, string>> = {
  linux: "libc.so.6",
  darwin: "libSystem.dylib",
};

/** Numbers of <fcntl.h> and <sys/mman.h>, the same on Linux and macOS. */
const O_RDONLY = 0;
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_PRIVATE = 2;
const MADV_DONTNEED = 4;

/** A file's bytes. */
export interface MappedFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /**
   * Drops the pages that were read or changed; later uses read the file again.
   *
   * @returns whether changes are gone, which they are on Linux alone.
   */
  drop(): boolean;
  /** Ends the mapping; the bytes must not be read then. */
  close(): void;
}

/**
 * Maps a file; on Windows, reads it.
 *
 * @param options.writable whether its bytes may be changed, for this process alone.
 */
export function mapFile(path: string, { writable = false } = {}): MappedFile {
  const libc = LIBC[Deno.build.os];
  if (!libc) {
    const bytes = Deno.readFileSync(path);
    return { bytes, drop: () => false, close() {} };
  }
  const library = Deno.dlopen(libc, {
    open: { parameters: ["buffer", "i32"], result: "i32" },
    close: { parameters: ["i32"], result: "i32" },
    mmap: {
      parameters: ["pointer", "usize", "i32", "i32", "i32", "i64"],
      result: "pointer",
    },
    munmap: { parameters: ["pointer", "usize"], result: "i32" },
    madvise: { parameters: ["pointer", "usize", "i32"], result: "i32" },
  });
  const { symbols } = library;
  const { size } = Deno.statSync(path);
  const file = symbols.open(new TextEncoder().encode(`${path}\0`), O_RDONLY);
  const length = BigInt(size);
  const access = writable ? PROT_READ | PROT_WRITE : PROT_READ;
  const address = file < 0
    ? null
    : symbols.mmap(null, length, access, MAP_PRIVATE, file, 0n);
  symbols.close(file);
  if (address === null || Deno.UnsafePointer.value(address) === FAILED) {
    throw new Error(
      `Cannot map a file: a readable one is required: received "${path}"`,
    );
  }
  return {
    bytes: new Uint8Array(
      Deno.UnsafePointerView.getArrayBuffer(address, size),
    ),
    drop() {
      const failed = symbols.madvise(address, length, MADV_DONTNEED);
      // On macOS, pages that were changed stay.
      return failed === 0 && Deno.build.os === "linux";
    },
    close() {
      symbols.munmap(address, length);
      library.close();
    },
  };
}

/** What `mmap` returns if it fails: -1 as an address. */
const FAILED = 2n ** 64n - 1n;
