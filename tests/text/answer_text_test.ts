import { assertEquals } from "@std/assert";
import { AnswerText } from "../../lib/text/answer_text.ts";
import { StopStrings } from "../../lib/text/stop_strings.ts";

/** A tokenizer whose tokens are bytes. */
const tokenizer = { bytes: (id: number) => Uint8Array.of(id) };

const utf8 = (text: string) => new TextEncoder().encode(text);

Deno.test("AnswerText.push() returns the text of each token", () => {
  const answer = new AnswerText(tokenizer, new StopStrings([]));
  assertEquals(answer.push(utf8("aé"), { last: false }), {
    text: "aé",
    written: "aé",
    calls: [],
    pieces: ["a", "", "é"],
    stopped: false,
  });
});

Deno.test("AnswerText.push() adds text that was held back to the last token", () => {
  const answer = new AnswerText(tokenizer, new StopStrings(["---"]));
  answer.push(utf8("a-"), { last: false });
  assertEquals(answer.push(utf8("-"), { last: true }), {
    text: "--",
    written: "--",
    calls: [],
    pieces: ["--"],
    stopped: false,
  });
});

Deno.test("AnswerText.push() returns text that was held back even without a token", () => {
  const answer = new AnswerText(tokenizer, new StopStrings(["---"]));
  answer.push(utf8("a-"), { last: false });
  assertEquals(answer.push([], { last: true }), {
    text: "-",
    written: "-",
    calls: [],
    pieces: [],
    stopped: false,
  });
});
