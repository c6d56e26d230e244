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
import { toPlainChat } from "../tools/plain_tools.ts";
import { type TemplateChat, toTemplateChat } from "../tools/template_chat.ts";
import type { Tool } from "../tools/tool.ts";
import { rendersTools } from "../tools/tool_format.ts";
import { chooseGuard, type Guard, guardTexts } from "./guards.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { TOKEN_TYPE, type Vocabulary } from "../../models/gguf/vocabulary.ts";

/** The usual format of small models that have no template. */
const CHATML =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/** The chat format of one model. */
export class ChatTemplate {
  readonly #template: Template | undefined;
  readonly #rendersTools: boolean;
  readonly #tokenizer: Tokenizer;
  readonly #tokens: Record<string, string>;

  /** @throws {SyntaxError} if the model's template is not valid Jinja. */
  constructor(vocabulary: Vocabulary, tokenizer: Tokenizer) {
    this.#template = templateOf(vocabulary);
    this.#rendersTools = rendersTools(vocabulary.chatTemplate ?? "");
    this.#tokenizer = tokenizer;
    this.#tokens = {
      bos_token: textOf(vocabulary, vocabulary.bosToken),
      eos_token: textOf(vocabulary, vocabulary.eosToken),
    };
  }

  /**
   * Encodes a chat, up to the start of the assistant's next answer. Tools become text
   * if the template does not know them.
   *
   * @throws {TypeError} if the model has no template or it rejects the messages.
   */
  encode(messages: ChatMessage[], tools: readonly Tool[] = []): Int32Array {
    const chat = this.#toChat(messages, tools);
    const text = this.#render(chat);
    const guard = chooseGuard(chat);
    const guarded = this.#render(guardTexts(chat, guard));
    if (guarded.replace(guard.all, "") === text) {
      return this.#tokenizer.encodeWithControls(guarded, { guard: guard.all });
    }
    return this.#encodeRewritten(text, { guarded, guard });
  }

  /**
   * Renders a chat as the text that {@linkcode encode} makes tokens of.
   *
   * @throws {TypeError} if the model has no template or it rejects the messages.
   */
  render(messages: ChatMessage[], tools: readonly Tool[] = []): string {
    return this.#render(this.#toChat(messages, tools));
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
  #encodeRewritten(
    text: string,
    { guarded, guard }: { guarded: string; guard: Guard },
  ): Int32Array {
    const ids = this.#tokenizer.encodeWithControls(text);
    const safe = this.#tokenizer.encodeWithControls(guarded, {
      guard: guard.all,
    });
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

  #toChat(messages: ChatMessage[], tools: readonly Tool[]): TemplateChat {
    return this.#rendersTools
      ? toTemplateChat(messages, tools)
      : toTemplateChat(toPlainChat(messages, tools), []);
  }

  #render(chat: TemplateChat): string {
    if (this.#template === undefined) {
      throw new TypeError(
        "Cannot encode a chat: the model file must have a chat template or ChatML's tokens: received neither",
      );
    }
    try {
      return this.#template.render({
        tools: null,
        documents: null,
        ...chat,
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
