/**
 * Encodes messages as the token ids of a prompt, with the model's Jinja template.
 *
 * The message contents must never become a control token, not even together with the
 * template's text around them. So the template is rendered with a guard character
 * between all characters of the contents. The control tokens in this text are the
 * template's own. The text between them loses its guards and is encoded as plain text.
 * The ids are those of the unguarded text.
 *
 * @module
 */

import { Template } from "@huggingface/jinja";
import type { ChatMessage } from "../engine/generation.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { TOKEN_TYPE, type Vocabulary } from "../../models/gguf/vocabulary.ts";

/** Half a surrogate pair, which no well-formed text contains. */
const GUARD = "\uDC00";
const GUARDS = /\uDC00/gu; // With "u", it never matches inside a pair.

/** The usual format of small models that have no template. */
const CHATML =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/** The chat format of one model. */
export class ChatTemplate {
  readonly #template: Template | undefined;
  readonly #tokenizer: Tokenizer;
  readonly #tokens: Record<string, string>;

  /** @throws {SyntaxError} if the model's template is not valid Jinja. */
  constructor(vocabulary: Vocabulary, tokenizer: Tokenizer) {
    this.#template = templateOf(vocabulary);
    this.#tokenizer = tokenizer;
    this.#tokens = {
      bos_token: textOf(vocabulary, vocabulary.bosToken),
      eos_token: textOf(vocabulary, vocabulary.eosToken),
    };
  }

  /**
   * Encodes a chat, up to the start of the assistant's next answer.
   *
   * @throws {TypeError} if the model has no template or it rejects the messages.
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
   * Encodes the common start of all chats with this system prompt.
   *
   * @throws {TypeError} if the model has no template or it rejects system prompts.
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
   * Encodes a text in which the template has rewritten the contents. Guards can hide
   * what a template looks for, such as "</think>". So the ids are those of the
   * unguarded text, and the guarded text must have the same control tokens.
   */
  #encodeRewritten(text: string, guarded: string): Int32Array {
    const ids = this.#tokenizer.encodeWithControls(text);
    const safe = this.#tokenizer.encodeWithControls(guarded, { guard: GUARDS });
    const [controls, expected] = [ids, safe].map((all) =>
      all.filter((id) => this.#tokenizer.isControl(id)).join()
    );
    if (controls !== expected) {
      throw new TypeError(
        "Cannot encode a chat: a message that the template rewrites must not contain control tokens: received one that does",
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

/** Puts guards around all characters except outer white space, which is trimmed. */
function guardMessage({ role, content }: ChatMessage): ChatMessage {
  const core = content.trim();
  if (core === "") return { role, content };
  const [before, after] = content.split(core, 2);
  const guarded = ["", ...core, ""].join(GUARD);
  return { role, content: before + guarded + after };
}
