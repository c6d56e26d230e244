/**
 * Tabs with code snippets, which show this server's address and the selected model. The
 * tests run the snippets' files.
 *
 * @module
 */

import { byId } from "./elements.js";

/**
 * Sets up the tabs.
 *
 * @param {() => string} model returns the id of the selected model
 */
export function codeTabs(model) {
  const tabs = [...document.querySelectorAll("[role=tab]")];
  const panel = byId("snippet");

  async function select(tab) {
    for (const other of tabs) {
      other.ariaSelected = String(other === tab);
      other.tabIndex = other === tab ? 0 : -1;
    }
    panel.setAttribute("aria-labelledby", tab.id);
    const file = await fetch(`playground/snippets/${tab.dataset.file}`);
    panel.firstChild.textContent = (await file.text())
      .replaceAll("http://127.0.0.1:8000", location.origin)
      .replaceAll("smollm2-135m-instruct", model());
  }

  for (const [at, tab] of tabs.entries()) {
    tab.setAttribute("aria-controls", panel.id);
    tab.addEventListener("click", () => select(tab));
    tab.addEventListener("keydown", ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
      if (!step) return;
      const next = tabs.at((at + step) % tabs.length);
      next.focus();
      select(next);
    });
  }
  byId("copy").addEventListener("click", async ({ target }) => {
    await navigator.clipboard.writeText(panel.textContent);
    target.textContent = "Copied";
    setTimeout(() => target.textContent = "Copy", 1500);
  });
  byId("model").addEventListener("change", () => {
    select(tabs.find(({ ariaSelected }) => ariaSelected === "true"));
  });
  return select(tabs[0]);
}
