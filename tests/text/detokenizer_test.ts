import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Detokenizer } from "../../lib/text/detokenizer.ts";

/** A vocabulary of the 256 bytes, whose ids are their values. */
const bytewise = { bytes: (id: number) => Uint8Array.of(id) };

Deno.test("Detokenizer.push() holds back an incomplete character", () => {
  const detokenizer = new Detokenizer(bytewise);
  const pieces = [...new TextEncoder().encode("é漢😀")]
    .map((byte) => detokenizer.push([byte]));
  assertEquals(pieces, ["", "é", "", "", "漢", "", "", "", "😀"]);
});

Deno.test("Detokenizer.push() keeps a byte order mark", () => {
  const detokenizer = new Detokenizer(bytewise);
  assertEquals(detokenizer.push([0xef, 0xbb, 0xbf, 0x61]), "\ufeffa");
});

Deno.test("Detokenizer.push() skips tokens without bytes", () => {
  const detokenizer = new Detokenizer({
    bytes: (id) => id < 0 ? new Uint8Array() : Uint8Array.of(id),
  });
  assertEquals(detokenizer.push([0xc3, -1, 0xa9]), "é");
});

Deno.test("Detokenizer.flush() replaces an incomplete character", () => {
  const detokenizer = new Detokenizer(bytewise);
  assertEquals(detokenizer.push([0x61, 0xf0, 0x9f]), "a");
  assertEquals(detokenizer.flush(), "\ufffd");
});

Deno.test("Detokenizer decodes any text byte by byte", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const detokenizer = new Detokenizer(bytewise);
      const pieces = Array.from(
        new TextEncoder().encode(text),
        (byte) => detokenizer.push([byte]),
      );
      assertEquals(pieces.join("") + detokenizer.flush(), text);
    }),
  );
});
