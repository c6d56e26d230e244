import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Prediction } from "../../../lib/bita/draft/prediction.ts";

const tokens = (text: string) =>
  Int32Array.from(text, (letter) => letter.charCodeAt(0));

/** Follows a text and returns it with "_" for each expected token. */
function follow(predicted: string, text: string): string {
  const prediction = new Prediction(tokens(predicted));
  return Array.from(text, (letter) => {
    const { match } = prediction;
    const expected = match && prediction.at(match.next);
    prediction.push(letter.charCodeAt(0));
    return letter.charCodeAt(0) === expected ? "_" : letter;
  }).join("");
}

Deno.test("Prediction expects every token of the predicted text", () => {
  assertEquals(follow("one two", "one two"), "_______");
});

Deno.test("Prediction continues after each kind of edit", () => {
  const edits: Record<
    string,
    [predicted: string, text: string, shown: string]
  > = {
    "one for one": ["let a = 15;", "let a = 65;", "________6__"],
    "several for several": ["let abc = 1;", "let xyz = 1;", "____xyz_____"],
    "one more": ["f(a, b)", "f(a, *b)", "_____*b_"],
    "one less": ["f(a, *b)", "f(a, b)", "_____b_"],
    "a long part left out": [
      "begin; some of this is not needed; end here",
      "begin; end here",
      "_______e_______",
    ],
    "something else": ["abc", "xyz", "xyz"],
  };
  for (const [edit, [predicted, text, shown]] of Object.entries(edits)) {
    assertEquals(follow(predicted, text), shown, edit);
  }
});

Deno.test("Prediction returns from a wrong place", () => {
  // "b" occurs nearby, but the text continues after the replaced letter.
  assertEquals(follow("a1cd efgh b9", "abcd efgh"), "_bc______");
});

Deno.test("Prediction takes the nearest of equal places and no distant one", () => {
  assertEquals(follow("a--b1----b2", "ab1"), "_b_");
  const far = "bcdefghijklmnopqrstuvwxyz";
  assertEquals(follow(`a1${far}#2`, "a#bc"), "_#__");
});

Deno.test("Prediction confirms a place after three equal tokens in a row", () => {
  const letters = "0123456789abcdefghijklmnop";
  assertEquals(follow(letters, "01ghi#klm"), "__g__#___");
  assertEquals(follow("a1cdefgh bc9", "abc#efgh"), "_b_#____");
});

Deno.test("Prediction expects nothing of a different text", () => {
  const lengths = (text: string) => {
    const prediction = new Prediction(tokens("abcdefgh"));
    return Array.from(text, (letter) => {
      prediction.push(letter.charCodeAt(0));
      return prediction.match?.length;
    });
  };
  assertEquals(lengths("uvwxyzfg"), [
    0,
    0,
    0,
    undefined,
    undefined,
    undefined,
    1,
    2,
  ]);
});

Deno.test("Prediction returns the number of expected tokens in a row", () => {
  const prediction = new Prediction(tokens("abcdef"));
  const lengths = Array.from("abxdef", (letter) => {
    prediction.push(letter.charCodeAt(0));
    return prediction.match?.length;
  });
  assertEquals(lengths, [2, 3, 0, 1, 2, 3]);
});

/** Counts the predicted tokens that occur in a text. */
function countPredicted(predicted: Int32Array, text: Iterable<number>): number {
  const prediction = new Prediction(predicted);
  for (const token of text) prediction.push(token);
  return prediction.accepted;
}

Deno.test("Prediction counts almost all equal tokens", () => {
  fc.assert(fc.property(
    fc.array(fc.nat(500), { minLength: 40, maxLength: 200 }),
    fc.array(fc.nat(199), { maxLength: 4 }),
    (predicted, places) => {
      const text = predicted.slice();
      for (const place of places) if (place in text) text[place] += 1000;
      const equal = predicted.filter((token, i) => token === text[i]).length;
      const counted = countPredicted(Int32Array.from(predicted), text);
      assert(counted >= equal - 2 * places.length, `${counted} of ${equal}`);
    },
  ));
});

Deno.test("Prediction counts a predicted token once", () => {
  assertEquals(countPredicted(tokens("abcdef"), tokens("abcdefabcdef")), 6);
});

Deno.test("Prediction counts nothing after its end", () => {
  assertEquals(countPredicted(tokens("ab"), tokens("abcd")), 2);
  assertEquals(countPredicted(tokens(""), tokens("ab")), 0);
});
