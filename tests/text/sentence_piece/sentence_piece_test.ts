import { assertEquals } from "@std/assert";
import { Tokenizer } from "../../../lib/text/tokenizer.ts";
import { smallSpm, spmTexts } from "./_spm.ts";

/** What llama.cpp has for the texts, without and with a space before each. */
const GOLDEN: number[][][] = Deno
  .readTextFileSync(new URL("golden.jsonl", import.meta.url))
  .trim().split("\n").map((line) => JSON.parse(line));

const TEXTS = spmTexts();

Deno.test("SentencePiece's ids are those of llama.cpp", () => {
  for (const [index, addSpacePrefix] of [false, true].entries()) {
    const tokenizer = new Tokenizer({ ...smallSpm(), addSpacePrefix });
    for (const [i, text] of TEXTS.entries()) {
      assertEquals([...tokenizer.encode(text)], GOLDEN[index][i], text);
    }
  }
});

Deno.test("SentencePiece's bytes are the text again", () => {
  const tokenizer = new Tokenizer({ ...smallSpm(), addSpacePrefix: false });
  for (const text of TEXTS.filter((text) => !text.includes("▁"))) {
    const bytes = [...tokenizer.encode(text)]
      .flatMap((id) => [...tokenizer.bytes(id)]);
    assertEquals(new TextDecoder().decode(Uint8Array.from(bytes)), text);
  }
});

Deno.test("SentencePiece's texts begin with the start token and a space", () => {
  const tokenizer = new Tokenizer(smallSpm());
  const [start, ...ids] = tokenizer.encodePrompt("the");
  assertEquals(start, 1);
  assertEquals(ids, [...tokenizer.encode("the")]);
  assertEquals(tokenizer.bytes(ids[0])[0], " ".charCodeAt(0));
});
