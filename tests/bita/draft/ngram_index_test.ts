import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  LONGEST_MATCH,
  NgramIndex,
} from "../../../lib/bita/draft/ngram_index.ts";

Deno.test("NgramIndex finds an earlier occurrence of the last tokens", () => {
  const index = new NgramIndex([5, 1, 2, 3, 9, 1, 2, 3]);
  assertEquals(index.match, { next: 4, length: 3 });
  assertEquals(index.at(4), 9);
  assertEquals(index.at(8), undefined);
});

Deno.test("NgramIndex prefers a longer n-gram to a later one", () => {
  const index = new NgramIndex([1, 2, 3, 4, 7, 4, 8, 1, 2, 3, 4]);
  assertEquals(index.match, { next: 4, length: 4 });
});

Deno.test("NgramIndex finds nothing after a new token", () => {
  assertEquals(new NgramIndex([1, 2, 1, 3]).match, undefined);
});

Deno.test("NgramIndex only returns tokens that are equal", () => {
  fc.assert(fc.property(
    fc.array(fc.nat(3), { minLength: 1, maxLength: 60 }),
    (text) => {
      const { match } = new NgramIndex(text);
      const last = text.length - 1;
      const again = text.lastIndexOf(text[last], last - 1) >= 0 && last > 0;
      assertEquals(match !== undefined, again);
      if (!match) return;
      const { next, length } = match;
      assertEquals(
        text.slice(next - length, next),
        text.slice(text.length - length),
      );
      const longer = next > length &&
        text[next - length - 1] === text[text.length - length - 1];
      assertEquals(longer && length < LONGEST_MATCH, false);
    },
  ));
});
