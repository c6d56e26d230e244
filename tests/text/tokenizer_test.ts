import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Tokenizer } from "../../lib/text/tokenizer.ts";
import { readVocabulary } from "./_vocabulary.ts";
import type { Vocabulary } from "../../models/gguf/vocabulary.ts";
import { toyVocabulary } from "./_toy.ts";

const vocabulary = await readVocabulary();
const tokenizer = new Tokenizer(vocabulary);

/** Bytes that are not in the default vocabulary. */
const LACKING = new Set([
  ...[0x04, 0x06, 0x13, 0x14, 0x16, 0x1d, 0xc0, 0xc1, 0xf1, 0xf2],
  ...Array.from({ length: 11 }, (_, i) => 0xf5 + i),
]);

function bytesOf(ids: Iterable<number>): number[] {
  return [...ids].flatMap((id) => [...tokenizer.bytes(id)]);
}

Deno.test("Tokenizer.encode() returns the same ids as Hugging Face's tokenizers", async () => {
  const golden = await Deno.readTextFile(
    new URL("golden.jsonl", import.meta.url),
  );
  const byName = Map.groupBy(
    golden.trimEnd().split("\n").map((line) => JSON.parse(line)),
    ([pre]) => pre,
  );
  assertEquals(byName.get("smollm")?.length, 2_000);
  for (const [pre, lines] of byName) {
    const tokenizer = new Tokenizer({ ...vocabulary, pre });
    for (const [, text, ids] of lines) {
      const received = [...tokenizer.encode(text)];
      assertEquals(received, ids, `${pre}: ${JSON.stringify(text)}`);
    }
  }
});

Deno.test("Tokenizer.encode() only drops bytes that are not in the vocabulary", () => {
  const utf8 = new TextEncoder();
  const textUnit = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: "grapheme" }),
    fc.constantFrom(...vocabulary.tokens.slice(0, 300)),
  );
  fc.assert(
    fc.property(fc.array(textUnit), (parts) => {
      const text = parts.join("");
      const kept = [...utf8.encode(text)].filter((byte) => !LACKING.has(byte));
      assertEquals(bytesOf(tokenizer.encode(text)), kept);
    }),
    { numRuns: 300 },
  );
});

Deno.test("Tokenizer.encode() encodes the text of a control token as plain text", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(
        fc.constantFrom(...vocabulary.tokens.slice(0, 17)),
        fc.string(),
      )),
      (parts) => {
        const ids = tokenizer.encode(parts.join(""));
        assert(!ids.some((id) => tokenizer.isControl(id)));
      },
    ),
  );
});

Deno.test("Tokenizer.encode() keeps a user-defined token whole", () => {
  const tokenizer = new Tokenizer(toyVocabulary({ userDefined: ["<think>"] }));
  assertEquals([...tokenizer.encode("a<think>b")], [0x61, 256, 0x62]);
  assertEquals(tokenizer.bytes(256), new TextEncoder().encode("<think>"));
});

Deno.test("Tokenizer.encode() merges across a byte that is not in the vocabulary", () => {
  const toy = toyVocabulary({ merges: ["! ?"] });
  toy.types[0x04] = 5; // unused
  assertEquals([...new Tokenizer(toy).encode("!\x04?")], [256]);
});

Deno.test("Tokenizer.encode() skips the merges for a Llama 3 word that is a token", () => {
  const toy = toyVocabulary({ merges: ["b c", "a b", "ab c"] });
  const llama = new Tokenizer({ ...toy, pre: "llama-bpe" });
  assertEquals([...new Tokenizer(toy).encode("abc")], [0x61, 256]);
  assertEquals([...llama.encode("abc")], [258]);
});

Deno.test("Tokenizer.encode() stays fast on long runs of one character", () => {
  for (const unit of ["a", " ", "\n", "漢"]) {
    const text = unit.repeat(10_000);
    tokenizer.encode(text); // Warms up.
    let [short, long] = [Infinity, Infinity];
    // Four times the text takes 16 times as long where the cost is quadratic. A machine
    // that is busy only adds to a time, so the shortest of some is compared.
    for (let tries = 1; tries === 1 || long > 10 * short; tries++) {
      assert(tries <= 10, `${unit}: ${short} ms, then ${long} ms`);
      short = Math.min(short, encodingMs(text));
      long = Math.min(long, encodingMs(text.repeat(4)));
    }
  }
});

/** Returns the milliseconds that a text takes. */
function encodingMs(text: string): number {
  const start = performance.now();
  tokenizer.encode(text);
  return performance.now() - start;
}

Deno.test("Tokenizer.encodePrompt() starts with the bos token if the model wants it", () => {
  const toy = toyVocabulary({ controls: ["<s>"] });
  const starting = { ...toy, bosToken: 256, addBosToken: true };
  assertEquals([...new Tokenizer(toy).encodePrompt("a")], [0x61]);
  assertEquals([...new Tokenizer(starting).encodePrompt("a")], [256, 0x61]);
});

Deno.test("Tokenizer.encodePrompt() knows which models want a bos token", () => {
  const { addBosToken: _, ...toy } = toyVocabulary({ controls: ["<s>"] });
  const ids = (vocabulary: Vocabulary) => [
    ...new Tokenizer({ ...vocabulary, bosToken: 256 }).encodePrompt("a"),
  ];
  assertEquals(ids(toy), [0x61]);
  assertEquals(ids({ ...toy, pre: "llama-bpe" }), [256, 0x61]);
  const denied = { ...toy, pre: "llama-bpe", addBosToken: false };
  assertEquals(ids(denied), [0x61]);
});

Deno.test("Tokenizer.encodeWithControls() matches the longest control token", () => {
  const tokenizer = new Tokenizer(toyVocabulary({ controls: ["<a", "<a>"] }));
  assertEquals([...tokenizer.encodeWithControls("<a><ab")], [257, 256, 0x62]);
});

Deno.test("Tokenizer.encodeWithControls() drops guards after splitting", () => {
  const tokenizer = new Tokenizer(toyVocabulary({ controls: ["<a>"] }));
  const ids = tokenizer.encodeWithControls("<#a><a>#", { guard: /#/g });
  assertEquals([...ids], [...tokenizer.encode("<a>"), 256]);
});

Deno.test("Tokenizer.endTokens contains the ends of a text and of a turn", () => {
  const ids = ["<|endoftext|>", "<|im_end|>"].map((text) =>
    vocabulary.tokens.indexOf(text)
  );
  assertEquals(tokenizer.endTokens, new Set(ids));
});

Deno.test("Tokenizer.bytes() returns no bytes for a control token", () => {
  assertEquals(tokenizer.bytes(0), new Uint8Array());
});

Deno.test("Tokenizer.bytes() throws on an id that is not in the vocabulary", () => {
  assertThrows(
    () => tokenizer.bytes(49_152),
    RangeError,
    "must be below 49152",
  );
});

Deno.test("Tokenizer.bytes() takes a token outside the byte alphabet literally", () => {
  const toy = toyVocabulary();
  const tokens = [...toy.tokens, "你好", "a b"];
  const types = [...toy.types, 1, 1];
  const tokenizer = new Tokenizer({ ...toy, tokens, types });
  const texts = [256, 257].map((id) =>
    new TextDecoder().decode(tokenizer.bytes(id))
  );
  assertEquals(texts, ["你好", "a b"]);
});

Deno.test("new Tokenizer() throws on another kind of vocabulary", () => {
  const toy = toyVocabulary();
  assertThrows(
    () => new Tokenizer({ ...toy, model: "bert" }),
    TypeError,
    "the model must be gpt2 or llama: received bert",
  );
});

Deno.test("new Tokenizer() lists the known pre-tokenizers if one is unknown", () => {
  assertThrows(
    () => new Tokenizer({ ...toyVocabulary(), pre: "tekken" }),
    TypeError,
    "one of default, gpt-2, jina-v2-code, mpt, olmo, phi-2, codeshell,",
  );
});
