/**
 * Messages to the token ids of a prompt, through the model's own Jinja template.
 *
 * The ids are those of the rendered text in one piece, but no content may yield a
 * control token, alone or together with what the template puts beside it. So
 * contents are rendered with a guard between all characters: no control token of
 * the guarded text has a character of theirs. Then the guards are dropped, the cuts
 * between control tokens encoded as plain text.
 *
 * @module
 */

import { Template } from "@huggingface/jinja";
import type { ChatMessage } from "../engine/generation.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { TOKEN_TYPE, type Vocabulary } from "../../models/gguf/vocabulary.ts";

/** Half a surrogate pair: it occurs in no well-formed text. */
const GUARD = "\uDC00";
const GUARDS = /\uDC00/gu; // with "u" it never matches inside a pair

/** The format that most small models without a template were tuned on. */
const CHATML =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/** The chat format of one model. */
export class ChatTemplate {
  readonly #template: Template | undefined;
  readonly #tokenizer: Tokenizer;
  readonly #tokens: Record<string, string>;

  /** @throws {SyntaxError} if the model's template isn't Jinja. */
  constructor(vocabulary: Vocabulary, tokenizer: Tokenizer) {
    this.#template = templateOf(vocabulary);
    this.#tokenizer = tokenizer;
    this.#tokens = {
      bos_token: textOf(vocabulary, vocabulary.bosToken),
      eos_token: textOf(vocabulary, vocabulary.eosToken),
    };
  }

  /**
   * Encodes a chat up to where the assistant's next answer begins.
   *
   * @throws {TypeError} if the model has no template, or it refuses the messages.
   */
  encode(messages: ChatMessage[]): Int32Array {
    const wellFormed = messages.map(({ role, content }) => ({
      role,
      content: content.toWellFormed(),
    }));
    const text = this.#render(wellFormed);
    const guarded = this.#render(wellFormed.map(guardMessage));
    if (guarded.replace(GUARDS, "") === text) {
      return this.#tokenizer.encodeWithControls(guarded, { guard: GUARDS });
    }
    return this.#encodeRewritten(text, guarded);
  }

  /**
   * Encodes what all chats with this system prompt begin with.
   *
   * @throws {TypeError} if the model has no template, or it refuses system prompts.
   */
  encodeSystem(content: string): Int32Array {
    const [a, b] = ["a", "b"].map((question) =>
      this.encode([
        { role: "system", content },
        { role: "user", content: question },
      ])
    );
    return a.subarray(0, a.findIndex((id, i) => id !== b[i]));
  }

  /**
   * Encodes a text whose contents the template has rewritten, as it can't where
   * they are guarded. The control tokens must be those of the guarded text.
   */
  #encodeRewritten(text: string, guarded: string): Int32Array {
    const ids = this.#tokenizer.encodeWithControls(text);
    const safe = this.#tokenizer.encodeWithControls(guarded, { guard: GUARDS });
    const [controls, expected] = [ids, safe].map((all) =>
      all.filter((id) => this.#tokenizer.isControl(id)).join()
    );
    if (controls !== expected) {
      throw new TypeError(
        "Cannot encode a chat: messages must not spell control tokens where the template rewrites them: received one that does",
      );
    }
    return ids;
  }

  #render(messages: ChatMessage[]): string {
    if (this.#template === undefined) {
      throw new TypeError(
        "Cannot encode a chat: the model file must have a chat template or ChatML's tokens: received neither",
      );
    }
    try {
      return this.#template.render({
        messages,
        add_generation_prompt: true,
        ...this.#tokens,
      });
    } catch (cause) {
      throw new TypeError(
        `Cannot encode a chat: the template must accept the messages: received ${
          (cause as Error).message
        }`,
        { cause },
      );
    }
  }
}

function templateOf(vocabulary: Vocabulary): Template | undefined {
  const source = vocabulary.chatTemplate ??
    (hasChatml(vocabulary) ? CHATML : undefined);
  if (source === undefined) return undefined;
  try {
    return new Template(source);
  } catch (cause) {
    throw new SyntaxError(
      `Cannot read the chat template: it must be Jinja: received ${
        (cause as Error).message
      }`,
      { cause },
    );
  }
}

function hasChatml({ tokens, types }: Vocabulary): boolean {
  return ["<|im_start|>", "<|im_end|>"].every((text) =>
    types[tokens.indexOf(text)] === TOKEN_TYPE.control
  );
}

function textOf(vocabulary: Vocabulary, id: number | undefined): string {
  return id === undefined ? "" : vocabulary.tokens[id];
}

/** Puts guards around all characters but outer white space, which is trimmed. */
function guardMessage({ role, content }: ChatMessage): ChatMessage {
  const core = content.trim();
  if (core === "") return { role, content };
  const [before, after] = content.split(core, 2);
  const guarded = ["", ...core, ""].join(GUARD);
  return { role, content: before + guarded + after };
}
