/**
 * Shows the details of a pass and the source of each of its tokens.
 *
 * @module
 */

import { byId, element } from "./elements.js";

/**
 * Shows the details of a pass next to its output.
 *
 * @param {HTMLElement} output
 * @param {{ number: number, pass: object }} details
 */
export function inspect(output, { number, pass }) {
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
      } ms, ${count(rows, "row")}; ${drafted} drafted, ${right} accepted`,
    ),
    element(
      "table",
      {},
      element("thead", {}, row("th", head)),
      element("tbody", {}, ...tokens.map((token) => row("td", cells(token)))),
    ),
  );
  place(box, output.getClientRects()[0]);
}

/** Hides the details. */
export function uninspect() {
  byId("inspector").replaceChildren();
}

function cells({ text, guess }) {
  const shown = text === ""
    ? "…"
    : JSON.stringify(text).slice(1, -1).replaceAll(" ", "␣");
  if (!guess) return [shown, "not guessed", "", "", ""];
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

/** Places the box below a line of text, or above it if there is no room below. */
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
