import { assertEquals } from "@std/assert";
import { AnswerText } from "../../lib/text/answer_text.ts";

/** Bytes are tokens. */
const tokenizer = { bytes: (id: number) => Uint8Array.of(id) };

const utf8 = (text: string) => new TextEncoder().encode(text);

Deno.test("AnswerText.push() cuts its text into a piece for each token", () => {
  const answer = new AnswerText(tokenizer, []);
  assertEquals(answer.push(utf8("aé"), { last: false }), {
    text: "aé",
    pieces: ["a", "", "é"],
    stopped: false,
  });
});

Deno.test("AnswerText.push() gives what was held back to the last token", () => {
  const answer = new AnswerText(tokenizer, ["---"]);
  answer.push(utf8("a-"), { last: false });
  assertEquals(answer.push(utf8("-"), { last: true }), {
    text: "--",
    pieces: ["--"],
    stopped: false,
  });
});

Deno.test("AnswerText.push() has no piece without a token, but the text held back", () => {
  const answer = new AnswerText(tokenizer, ["---"]);
  answer.push(utf8("a-"), { last: false });
  assertEquals(answer.push([], { last: true }), {
    text: "-",
    pieces: [],
    stopped: false,
  });
});
