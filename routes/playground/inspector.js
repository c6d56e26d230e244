/**
 * What stands behind a burst: its pass, and who guessed each of its tokens.
 *
 * @module
 */

import { byId, element } from "./elements.js";

/**
 * Shows a pass beside its burst.
 *
 * @param {HTMLElement} burst
 * @param {{ number: number, pass: object }} told
 */
export function inspect(burst, { number, pass }) {
  const { ms, rows, drafted, tokens } = pass;
  const right = tokens.filter(({ guess }) => guess).length;
  const head = ["Token", "Guessed by", "Depth", "Rank", "Chance"];
  const box = byId("inspector");
  box.replaceChildren(
    element(
      "p",
      {},
      `Pass ${number}: ${count(tokens.length, "token")} in ${
        ms.toFixed(0)
      } ms, ${count(rows, "row")}; ${drafted} tried, ${right} right`,
    ),
    element(
      "table",
      {},
      element("thead", {}, row("th", head)),
      element("tbody", {}, ...tokens.map((token) => row("td", cells(token)))),
    ),
  );
  place(box, burst.getClientRects()[0]);
}

/** Hides what is shown. */
export function uninspect() {
  byId("inspector").replaceChildren();
}

function cells({ text, guess }) {
  const shown = text === ""
    ? "…"
    : JSON.stringify(text).slice(1, -1).replaceAll(" ", "␣");
  if (!guess) return [shown, "nobody", "", "", ""];
  return [
    shown,
    guess.drafters.join(" + "),
    guess.depth,
    guess.rank + 1,
    guess.chance === undefined ? "" : `${Math.round(guess.chance * 100)} %`,
  ];
}

function row(kind, texts) {
  const cells = texts.map((text) => element(kind, {}, String(text)));
  return element("tr", {}, ...cells);
}

/** Puts the box under a line of text, or over it where there is no room. */
function place(box, line) {
  const { width, height } = box.getBoundingClientRect();
  const left = Math.min(line.left, innerWidth - width - 8);
  const under = line.bottom + 6;
  const top = under + height < innerHeight ? under : line.top - height - 6;
  box.style.setProperty("left", `${Math.max(8, left)}px`);
  box.style.setProperty("top", `${Math.max(8, top)}px`);
}

function count(n, noun) {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
