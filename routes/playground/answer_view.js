/**
 * An answer on the page. Each pass has an element with the text of its tokens. Pointing
 * at it shows the details of the pass, and so do the arrow keys.
 *
 * @module
 */

import { element } from "./elements.js";
import { inspect, uninspect } from "./inspector.js";

/** Number of tints. Neighbouring passes never have the same one. */
const TINTS = 4;

/** An answer that grows pass by pass. */
export class AnswerView {
  text = "";
  #passes = [];
  #tinted = 0;
  #current = -1;
  #body = element("div", {
    className: "answer",
    tabIndex: 0,
    role: "group",
    ariaLabel: "Answer. Use the arrow keys to move between passes.",
    ariaBusy: "true",
  });
  #facts = element("p", { className: "facts" });
  element = element("article", {}, this.#body, this.#facts);

  constructor() {
    const body = this.#body;
    body.addEventListener("pointerover", ({ target }) => {
      const output = target.closest(".output");
      this.#show([...body.children].indexOf(output));
    });
    body.addEventListener("pointerleave", () => this.#show(-1));
    body.addEventListener("blur", () => this.#show(-1));
    body.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (event.key === "Escape") this.#show(-1);
      if (!step || this.#passes.length === 0) return;
      event.preventDefault();
      const last = this.#passes.length - 1;
      this.#show(Math.max(0, Math.min(last, this.#current + step)));
    });
  }

  /** Adds the prompt, which comes before all passes. */
  read(parts) {
    this.element.prepend(promptView(parts));
  }

  /** Adds a pass of the draft trace. */
  add(pass) {
    const { tokens } = pass;
    const { bottom } = this.element.getBoundingClientRect();
    const follows = bottom < innerHeight + 64;
    const tint = tokens.length > 1 ? ` tint${this.#tinted++ % TINTS}` : "";
    const texts = tokens.map(({ text, guess }) =>
      element("span", { className: guess ? "guessed" : "" }, text)
    );
    this.#body.append(
      element("span", { className: `output${tint}` }, ...texts),
    );
    this.#passes.push(pass);
    this.text += tokens.map(({ text }) => text).join("");
    if (follows) this.element.scrollIntoView({ block: "nearest" });
  }

  /** Adds the timings of the whole answer, which come with the last chunk. */
  finish(timings) {
    const { predicted_n, passes, predicted_per_second } = timings;
    const rate = predicted_per_second.toFixed(1);
    this.#facts.textContent =
      `${predicted_n} tokens in ${passes} passes, ${rate} tokens/s`;
  }

  /** Ends the answer, even if it is incomplete. */
  close() {
    this.#body.ariaBusy = "false";
  }

  #show(number) {
    this.#body.children[this.#current]?.classList.remove("current");
    this.#current = number;
    const output = this.#body.children[number];
    if (!output) return uninspect();
    output.classList.add("current");
    inspect(output, { number: number + 1, pass: this.#passes[number] });
  }
}

/**
 * Returns the prompt of an answer, folded under its token counts. Cached text is marked.
 *
 * @param {{ text: string, tokens: number, cached: boolean }[]} parts
 */
function promptView(parts) {
  const count = (counted) =>
    counted.reduce((sum, { tokens }) => sum + tokens, 0);
  const max = count(parts);
  const value = count(parts.filter(({ cached }) => cached));
  const ariaLabel = "Prompt tokens from the cache";
  const texts = parts.filter(({ text }) => text).map(({ text, cached }) =>
    element(cached ? "mark" : "span", {}, text)
  );
  return element(
    "details",
    { className: "reads" },
    element(
      "summary",
      { className: "facts" },
      `Prompt of ${max} tokens, ${value} cached `,
      element("meter", { max, value, ariaLabel }),
    ),
    element("p", {}, ...texts),
  );
}
