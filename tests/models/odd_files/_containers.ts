/**
 * What is no GGUF file, or not a whole one, or another one than a model.
 *
 * @module
 */

import {
  concat,
  ggufFile,
  text,
  textValue,
  u32,
  u32Value,
  u64,
} from "../gguf/_file.ts";
import { type Change, entry, refused, served } from "./_case.ts";

const NO_GGUF = 'must begin with "GGUF"';

/** Another file, with bytes to spare. */
const other = (...parts: Uint8Array[]): Change => () =>
  concat(...parts, new Uint8Array(256));

const ascii = (value: string) => new TextEncoder().encode(value);

/** The first bytes of the file, up to a word in it. */
const until = (word: string): Change => (tiny) => {
  const bytes = ggufFile(tiny);
  return bytes.slice(0, new TextDecoder("latin1").decode(bytes).indexOf(word));
};

export const CONTAINERS = [
  refused("an empty file", "must have 4 more bytes", () => new Uint8Array()),
  refused(
    "a web page",
    NO_GGUF,
    other(ascii("<!doctype html><title>Sign in</title>")),
  ),
  refused(
    "a pointer of Git LFS",
    NO_GGUF,
    other(ascii("version https://git-lfs.github.com/spec/v1\noid sha256:00\n")),
  ),
  refused("a file of the format before GGUF", NO_GGUF, (tiny) => ({
    ...tiny,
    magic: "tjgg",
  })),
  refused("safetensors", NO_GGUF, other(u64(2), ascii("{}"))),
  refused("a checkpoint of PyTorch", NO_GGUF, other(ascii("PK\x03\x04"))),
  refused("a compressed file", NO_GGUF, other(Uint8Array.of(0x1f, 0x8b, 8))),
  refused("big-endian", "version must be 2 or 3", (tiny) => ({
    ...tiny,
    version: 0x03000000,
  })),
  refused("version 1", "version must be 2 or 3", (tiny) => ({
    ...tiny,
    version: 1,
  })),
  refused("version 4", "version must be 2 or 3", (tiny) => ({
    ...tiny,
    version: 4,
  })),
  served("version 2", (tiny) => ({ ...tiny, version: 2 })),
  refused(
    "the first word alone",
    "must have 4 more bytes",
    () => ascii("GGUF"),
  ),
  refused("an end in the metadata", "more bytes", until("token_type")),
  refused("an end in the directory", "more bytes", until("blk.1.ffn_up")),
  refused("an end in the data", 'tensor "blk.1.ffn_down.weight" must end', (
    tiny,
  ) => ({ ...tiny, data: tiny.data.slice(0, -1) })),
  served("bytes after the data", (tiny) => ({
    ...tiny,
    data: concat(tiny.data, ascii("left over")),
  })),
  served("a model of one part", entry("split.count", u32Value(1))),
  refused(
    "one part of a model alone",
    "must be named by its first part, -00001-of-00003.gguf",
    entry("split.count", u32Value(3)),
  ),
  refused(
    "a part of more than can be",
    "must be named by its first part",
    entry("split.count", u32Value(2 ** 32 - 1)),
  ),
  refused("no tensors", "token_embd.weight must exist", (tiny) => ({
    ...tiny,
    lines: [],
  })),
  refused("a LoRA adapter", "token_embd.weight must exist", (tiny) => ({
    ...tiny,
    lines: [
      { name: "blk.0.attn_q.weight.lora_a", dims: [8], type: 0, offset: 0 },
    ],
  })),
  refused(
    "an image projector",
    'received "clip"',
    entry("general.architecture", textValue("clip")),
  ),
  refused(
    "a matrix of importances",
    "general.architecture must be a string: received none",
    () => ({ entries: [["general.type", textValue("imatrix")]] }),
  ),
  served("a whole tokenizer.json of 2 MiB", (tiny) => {
    const long = new Uint8Array(2 ** 21);
    const value = concat(u32(8), u64(long.length), long);
    return entry("tokenizer.huggingface.json", value)(tiny);
  }),
  served("a key without a name", entry("", u32Value(1))),
  served("a key of all objects", entry("__proto__", textValue("x"))),
  served(
    "a name that is no UTF-8",
    entry("general.name", u32(8), u64(2), Uint8Array.of(0xff, 0xc0)),
  ),
  refused("a key twice", "metadata keys must be unique", (tiny) => ({
    ...tiny,
    entries: [...tiny.entries, ...tiny.entries.slice(0, 1)],
  })),
  refused("a value of no known type", "type 13", entry("a", u32(13))),
  refused(
    "a list of lists",
    "type 9",
    entry("a", u32(9), u32(9), u64(1), text("")),
  ),
];
