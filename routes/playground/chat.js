/**
 * A chat on the page. It sends a prompt and shows the answer as it arrives. Then it can
 * repeat the request without drafts to compare. It uses only the public API.
 *
 * @module
 */

import { AnswerView } from "./answer_view.js";
import { chatStream } from "./chat_stream.js";
import { byId, element } from "./elements.js";
import { LaneView } from "./lane_view.js";

/** The chat so far. */
export class Chat {
  #messages = [];
  #stopping = new AbortController();
  #setStatus;

  /** @param {(text: string) => void} setStatus shows the status of the chat */
  constructor(setStatus) {
    this.#setStatus = setStatus;
  }

  /** Removes all messages. */
  clear() {
    this.#messages = [];
  }

  /** Stops the current answer. */
  stop() {
    this.#stopping.abort();
  }

  /** Sends a prompt with the form's values, and returns when all is done or stopped. */
  async ask(prompt, { fields, key, system, compare }) {
    this.#stopping = new AbortController();
    const messages = [...this.#messages, { role: "user", content: prompt }];
    const first = system ? [{ role: "system", content: system }] : [];
    const request = { ...fields, messages: [...first, ...messages] };

    const view = new AnswerView();
    const question = element("article", { className: "question" }, prompt);
    byId("log").append(question, view.element);
    view.element.scrollIntoView({ block: "nearest" });
    const drafted = new LaneView("With drafts");
    const plain = new LaneView("Without drafts");
    byId("lanes").replaceChildren(drafted.element, plain.element);
    byId("lanes").style.removeProperty("--span");
    byId("verdict").textContent = "";

    this.#setStatus("Answering…");
    try {
      const lane = fields.draft === "none" ? plain : drafted;
      view.finish(await this.#stream(request, { key, views: [view, lane] }));
      if (compare && fields.draft !== "none") {
        this.#setStatus("Answering again without drafts…");
        const again = new AnswerView();
        const views = [again, plain];
        await this.#stream({ ...request, draft: "none" }, { key, views });
        const same = again.text === view.text
          ? "The same text"
          : "A different text";
        const speed = (drafted.rate / plain.rate).toFixed(2);
        byId("verdict").textContent = `${same}, ${speed} times as fast.`;
      }
      this.#setStatus("Done.");
    } catch (error) {
      const stopped = this.#stopping.signal.aborted;
      this.#setStatus(stopped ? "Stopped." : error.message);
    } finally {
      view.close();
    }
    if (view.text === "") return;
    this.#messages = [...messages, { role: "assistant", content: view.text }];
  }

  /** Streams an answer into views and returns its timings. */
  async #stream(request, { key, views }) {
    const { signal } = this.#stopping;
    const traced = { ...request, draft_trace: true };
    let timings;
    for await (const chunk of chatStream(traced, { signal, key })) {
      timings = chunk.timings ?? timings;
      if (chunk.prompt_trace) views[0].read(chunk.prompt_trace);
      if (!chunk.draft_trace) continue;
      for (const view of views) view.add(chunk.draft_trace);
    }
    return timings;
  }
}
