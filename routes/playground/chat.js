/**
 * A chat on the page: it asks, shows the answer as it comes, and asks again without
 * drafts to compare. All it knows comes from the public API.
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
  #say;

  /** @param {(text: string) => void} say tells how it goes */
  constructor(say) {
    this.#say = say;
  }

  /** Forgets what was said. */
  clear() {
    this.#messages = [];
  }

  /** Stops the answer under way. */
  stop() {
    this.#stopping.abort();
  }

  /** Asks with what the form says; resolves when all is answered or stopped. */
  async ask(prompt, { fields, key, system, compare }) {
    this.#stopping = new AbortController();
    const said = [...this.#messages, { role: "user", content: prompt }];
    const first = system ? [{ role: "system", content: system }] : [];
    const request = { ...fields, messages: [...first, ...said] };

    const view = new AnswerView();
    const question = element("article", { className: "question" }, prompt);
    byId("log").append(question, view.element);
    view.element.scrollIntoView({ block: "nearest" });
    const drafted = new LaneView("With drafts");
    const plain = new LaneView("Without");
    byId("lanes").replaceChildren(drafted.element, plain.element);
    byId("lanes").style.removeProperty("--span");
    byId("verdict").textContent = "";

    this.#say("Answering…");
    try {
      const lane = fields.draft === "none" ? plain : drafted;
      view.finish(await this.#stream(request, { key, views: [view, lane] }));
      if (compare && fields.draft !== "none") {
        this.#say("Answering again without drafts…");
        const again = new AnswerView();
        const views = [again, plain];
        await this.#stream({ ...request, draft: "none" }, { key, views });
        const same = again.text === view.text
          ? "The same text"
          : "Another text";
        const speed = (drafted.rate / plain.rate).toFixed(2);
        byId("verdict").textContent = `${same}, ${speed} times as fast.`;
      }
      this.#say("Done.");
    } catch (error) {
      const stopped = this.#stopping.signal.aborted;
      this.#say(stopped ? "Stopped." : error.message);
    } finally {
      view.close();
    }
    if (view.text === "") return;
    this.#messages = [...said, { role: "assistant", content: view.text }];
  }

  /** Streams an answer into views; gives its timings. */
  async #stream(request, { key, views }) {
    const { signal } = this.#stopping;
    const asked = { ...request, draft_trace: true };
    let timings;
    for await (const chunk of chatStream(asked, { signal, key })) {
      timings = chunk.timings ?? timings;
      if (chunk.prompt_trace) views[0].read(chunk.prompt_trace);
      if (!chunk.draft_trace) continue;
      for (const view of views) view.add(chunk.draft_trace);
    }
    return timings;
  }
}
