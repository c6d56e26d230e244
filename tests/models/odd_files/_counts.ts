/**
 * Counts and sizes that no file has room for: no memory may be taken for them.
 *
 * @module
 */

import { concat, text, textsValue, u32, u32Value, u64 } from "../gguf/_file.ts";
import {
  type Change,
  entry,
  type FileCase,
  refused,
  served,
  tensor,
} from "./_case.ts";

/** Sets a number of the architecture, in 64 bits. */
const count = (key: string, value: number | bigint): Change =>
  entry(`llama.${key}`, u32(10), u64(value));

const EMBEDDING = "token_embd.weight";
const LONG = "x".repeat(2 ** 21);

const NO_INTEGER = "an integer must be between -2^53 and 2^53";

/** A number of the architecture that the tensors do not bear out. */
const claimed = (key: string, value: number, reason: string): FileCase =>
  refused(`${key} of ${value}`, reason, count(key, value));

export const COUNTS = [
  refused("2^40 tensors", "room for all tensors", (tiny) => ({
    ...tiny,
    lineCount: 2 ** 40,
  })),
  refused("2^64 - 1 tensors", NO_INTEGER, (tiny) => ({
    ...tiny,
    lineCount: 2n ** 64n - 1n,
  })),
  refused("2^40 entries", "room for all metadata entries", (tiny) => ({
    ...tiny,
    entryCount: 2 ** 40,
  })),
  refused("2^63 entries", NO_INTEGER, (tiny) => ({
    ...tiny,
    entryCount: 2n ** 63n,
  })),
  refused(
    "a list of 2^50 bytes",
    "room for all array elements",
    entry("a", u32(9), u32(0), u64(2 ** 50)),
  ),
  refused(
    "a list of 2^50 strings",
    "room for all array elements",
    entry("tokenizer.ggml.tokens", u32(9), u32(8), u64(2 ** 50)),
  ),
  refused(
    "a list of four million bytes and one",
    "at most 4000000 elements",
    entry("a", u32(9), u32(0), u64(4_000_001), new Uint8Array(4_000_001)),
  ),
  refused(
    "a string of 2^40 bytes",
    "must have 1099511627776 more bytes",
    entry("a", u32(8), u64(2 ** 40)),
  ),
  refused(
    "a string of 2^64 - 1 bytes",
    NO_INTEGER,
    entry("a", u32(8), u64(2n ** 64n - 1n)),
  ),
  refused("a key of 2 MiB", "at most 1048576 bytes", entry(LONG, u32Value(1))),
  refused(
    "a token of 2 MiB",
    "at most 1048576 bytes",
    entry("tokenizer.ggml.tokens", textsValue(["a", LONG])),
  ),
  refused(
    "a token that is longer than the file",
    "must have 1048576 more bytes",
    entry("z", u32(9), u32(8), u64(1), u64(2 ** 20)),
  ),
  refused(
    "a template of 2 MiB",
    "at most 1048576 bytes",
    entry("tokenizer.chat_template", u32(8), text(LONG)),
  ),
  refused(
    "a tensor's name of 2 MiB",
    "at most 1048576 bytes",
    tensor(EMBEDDING, { name: LONG }),
  ),
  refused(
    "no dimensions",
    "must have 1 to 4 dimensions",
    tensor(EMBEDDING, { dims: [] }),
  ),
  refused(
    "five dimensions",
    "must have 1 to 4 dimensions",
    tensor(EMBEDDING, { dims: [1, 1, 1, 1, 1] }),
  ),
  refused(
    "a dimension of 0",
    'dimensions of tensor "token_embd.weight" must be positive',
    tensor(EMBEDDING, { dims: [128, 0] }),
  ),
  refused(
    "dimensions whose product is 2^99",
    'tensor "token_embd.weight" must end within',
    tensor(EMBEDDING, { dims: [2 ** 33, 2 ** 33, 2 ** 33] }),
  ),
  refused(
    "an offset of 2^52",
    'tensor "token_embd.weight" must end within',
    tensor(EMBEDDING, { offset: 2 ** 52 }),
  ),
  ...[0, 3, 2 ** 31].map((alignment) =>
    refused(
      `an alignment of ${alignment}`,
      "general.alignment must be a power of two",
      entry("general.alignment", u32Value(alignment)),
    )
  ),
  claimed("block_count", 2 ** 31, "blk.2.attn_norm.weight must be 128"),
  claimed("embedding_length", 2 ** 40, "token_embd.weight must be 300×"),
  claimed("feed_forward_length", 2 ** 40, "blk.0.ffn_gate.weight must be"),
  claimed("attention.head_count", 2 ** 31, "a head's size must be"),
  claimed("attention.head_count_kv", 2 ** 31, "must divide head_count, 4"),
  claimed("attention.key_length", 2 ** 31, "blk.0.attn_q.weight must be"),
  claimed("rope.dimension_count", 2 ** 31, "must be even, at most 32"),
  claimed("vocab_size", 2 ** 31, "llama.vocab_size must be 300"),
  claimed("expert_count", 2 ** 31, "llama.expert_count must be absent"),
  refused("a context of 2^60", NO_INTEGER, count("context_length", 2n ** 60n)),
  served("a context of 2^40", count("context_length", 2 ** 40)),
  refused(
    "more tokens than the embedding has rows",
    "the tokenizer must have at most 300 tokens: received 301",
    (tiny) =>
      entry(
        "tokenizer.ggml.token_type",
        concat(u32(9), u32(5), u64(301), new Uint8Array(4 * 301)),
      )(tiny),
  ),
];
