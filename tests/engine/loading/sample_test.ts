import { assert, assertEquals } from "@std/assert";
import { openText } from "../../../lib/engine/loading/open_text.ts";
import { sampleTokens } from "../../../lib/engine/loading/sample.ts";
import { ChatTemplate } from "../../../lib/text/chat_template.ts";
import { Tokenizer } from "../../../lib/text/tokenizer.ts";
import { realGguf } from "../../real_model.ts";
import { toyVocabulary } from "../../text/_toy.ts";

Deno.test("sampleTokens() encodes the sample as a chat", async () => {
  const text = openText((await realGguf()).metadata);
  const tokens = await sampleTokens(text);
  assert(tokens.length > 1000 && tokens.length < 2000, `${tokens.length}`);
  const controls = tokens.filter((id) => text.tokenizer.isControl(id));
  assert(controls.length >= 36, "each turn has a beginning and an end");
});

Deno.test("sampleTokens() encodes the sample as it is for a model without chats", async () => {
  const vocabulary = toyVocabulary();
  const tokenizer = new Tokenizer(vocabulary);
  const template = new ChatTemplate(vocabulary, tokenizer);
  const tokens = await sampleTokens({ template, tokenizer });
  const sample = new URL(
    "../../../lib/engine/loading/sample.txt",
    import.meta.url,
  );
  // Ids of bytes are their values.
  assertEquals(Uint8Array.from(tokens), await Deno.readFile(sample));
});
