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
import type { ChatPrompt } from "../engine/generation.ts";
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
   * Encodes a chat, by default up to the start of the assistant's next answer. Tools
   * become text if the template does not know them.
   *
   * @throws {TypeError} if the model has no template or it rejects the messages.
   */
  encode(prompt: ChatPrompt, tools: readonly Tool[] = []): Int32Array {
    const { text, guarded, guard } = this.#renderTwice(prompt, tools);
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
  render(prompt: ChatPrompt, tools: readonly Tool[] = []): string {
    return this.#renderTwice(prompt, tools).text;
  }

  /**
   * Encodes the common start of all chats with this system prompt.
   *
   * @throws {TypeError} if the model has no template or it rejects system prompts.
   */
  encodeSystem(content: string): Int32Array {
    const [a, b] = ["a", "b"].map((question) =>
      this.encode({
        messages: [
          { role: "system", content },
          { role: "user", content: question },
        ],
      })
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

  /** Renders a chat as it is, and with a guard in its contents. */
  #renderTwice(prompt: ChatPrompt, tools: readonly Tool[]) {
    const chat = this.#rendersTools
      ? toTemplateChat(prompt.messages, tools)
      : toTemplateChat(toPlainChat(prompt.messages, tools), []);
    const guard = chooseGuard(chat);
    const guardedChat = guardTexts(chat, guard);
    const [text, guarded] = [chat, guardedChat].map((chat) =>
      this.#render(chat, prompt)
    );
    if (prompt.ending !== "text") return { text, guarded, guard };
    // Without guards, what a template writes after a text may look like the text.
    const start = cutAfterLast(guarded, guardedChat);
    const plain = start.replace(guard.all, "");
    if (text.startsWith(plain)) return { text: plain, guarded: start, guard };
    throw notKept();
  }

  #render(
    chat: TemplateChat,
    { variables, ending = "answer" }: ChatPrompt,
  ): string {
    if (this.#template === undefined) {
      throw new TypeError(
        "Cannot encode a chat: the model file must have a chat template or ChatML's tokens: received neither",
      );
    }
    try {
      return this.#template.render({
        ...variables,
        tools: null,
        documents: null,
        ...chat,
        add_generation_prompt: ending === "answer",
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

/** Cuts what a template writes after the text of the last message. */
function cutAfterLast(text: string, { messages }: TemplateChat): string {
  const content = String(messages.at(-1)!.content ?? "");
  // Many templates trim the texts.
  for (const last of [content, content.trimEnd(), content.trim()]) {
    const at = text.lastIndexOf(last);
    if (last !== "" && at >= 0) return text.slice(0, at + last.length);
  }
  throw notKept();
}

function notKept(): TypeError {
  return new TypeError(
    "Cannot encode a chat: the template must keep the text that the answer goes on with: received one that changes it",
  );
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
