/**
 * The passes of an answer on a time axis. Each pass is a bar: its width is the time, its
 * height the number of tokens.
 *
 * @module
 */

import { element } from "./elements.js";

/** A lane that grows pass by pass. */
export class LaneView {
  #ms = 0;
  #name;
  #tokens = 0;
  #passes = 0;
  #facts = element("span", { className: "facts" }, "–");
  #strip = element("div", { className: "strip", role: "img" });
  element;

  /** @param {string} name */
  constructor(name) {
    this.#name = name;
    this.#strip.ariaLabel = `${name}: no passes yet`;
    this.element = element(
      "figure",
      { className: "lane" },
      element(
        "figcaption",
        {},
        element("strong", {}, name),
        " ",
        this.#facts,
      ),
      this.#strip,
    );
  }

  /** Tokens per second so far. */
  get rate() {
    return this.#tokens / this.#ms * 1000;
  }

  /** Adds a pass of the draft trace. */
  add({ ms, tokens }) {
    const bar = element("i");
    bar.style.setProperty("--at", this.#ms);
    bar.style.setProperty("--ms", ms);
    bar.style.setProperty("--tokens", tokens.length);
    this.#strip.append(bar);
    this.#ms += ms;
    this.#stretch();
    this.#tokens += tokens.length;
    this.#passes++;
    const each = (this.#tokens / this.#passes).toFixed(2);
    const facts = `${this.rate.toFixed(1)} tokens/s, ${each} tokens/pass`;
    this.#facts.textContent = facts;
    this.#strip.ariaLabel = `${this.#name}: ${facts}`;
  }

  /** Scales all lanes to the longest one. */
  #stretch() {
    const { style } = this.element.parentElement;
    const span = Number(style.getPropertyValue("--span"));
    if (this.#ms > span) style.setProperty("--span", this.#ms);
  }
}
