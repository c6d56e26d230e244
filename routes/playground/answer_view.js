/**
 * An answer on the page: its text in bursts, one a pass, that tell of themselves
 * when pointed at or walked through with the arrow keys.
 *
 * @module
 */

import { element } from "./elements.js";
import { inspect, uninspect } from "./inspector.js";
import { promptView } from "./prompt_view.js";

/** Tints to go round; bursts beside each other never share one. */
const TINTS = 4;

/** An answer, as it grows. */
export class AnswerView {
  text = "";
  #passes = [];
  #tinted = 0;
  #current = -1;
  #body = element("div", {
    className: "answer",
    tabIndex: 0,
    role: "group",
    ariaLabel: "Answer. Arrow keys go from pass to pass.",
    ariaBusy: "true",
  });
  #facts = element("p", { className: "facts" });
  element = element("article", {}, this.#body, this.#facts);

  constructor() {
    const body = this.#body;
    body.addEventListener("pointerover", ({ target }) => {
      const burst = target.closest(".burst");
      this.#show([...body.children].indexOf(burst));
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

  /** Adds the prompt, as the draft trace tells it before all passes. */
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
      element("span", { className: `burst${tint}` }, ...texts),
    );
    this.#passes.push(pass);
    this.text += tokens.map(({ text }) => text).join("");
    if (follows) this.element.scrollIntoView({ block: "nearest" });
  }

  /** Adds what the last chunk says of the whole. */
  finish(timings) {
    const { predicted_n, passes, predicted_per_second } = timings;
    const rate = predicted_per_second.toFixed(1);
    this.#facts.textContent =
      `${predicted_n} tokens in ${passes} passes, ${rate} a second`;
  }

  /** Ends the answer, whether or not it is whole. */
  close() {
    this.#body.ariaBusy = "false";
  }

  #show(number) {
    this.#body.children[this.#current]?.classList.remove("current");
    this.#current = number;
    const burst = this.#body.children[number];
    if (!burst) return uninspect();
    burst.classList.add("current");
    inspect(burst, { number: number + 1, pass: this.#passes[number] });
  }
}
