/**
 * The page's door: joins the form, the buttons and the chat.
 *
 * @module
 */

import { Chat } from "./chat.js";
import { codeTabs } from "./code_tabs.js";
import { byId } from "./elements.js";
import { LaneView } from "./lane_view.js";
import { readParameters } from "./parameters.js";

const chat = new Chat((text) => byId("status").textContent = text);

async function submit() {
  const prompt = byId("prompt").value.trim();
  if (!prompt || byId("send").hidden) return;
  byId("prompt").value = "";
  byId("welcome").hidden = true;
  busy(true);
  await chat.ask(prompt, readParameters());
  busy(false);
}

/** Swaps the buttons, and never leaves the keyboard on a hidden one. */
function busy(is) {
  const had = document.activeElement;
  byId("send").hidden = is;
  byId("stop").hidden = !is;
  byId("clear").disabled = is;
  if (had === byId("send") || had === byId("stop")) byId("prompt").focus();
}

/** Fills the model picker, and says how each model runs here. */
async function loadModels() {
  const { models } = await (await fetch("health")).json();
  const picker = byId("model");
  picker.replaceChildren(...models.map(({ id }) => new Option(id)));
  const describe = () => {
    const { backend, weights, exact } = models[picker.selectedIndex];
    byId("host").textContent = `${backend}, ${weights}, ${exact} exact`;
  };
  picker.addEventListener("change", describe);
  describe();
}

byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
byId("prompt").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  submit();
});
byId("stop").addEventListener("click", () => chat.stop());
byId("clear").addEventListener("click", () => {
  chat.clear();
  byId("log").replaceChildren(byId("welcome"));
  byId("welcome").hidden = false;
});
for (const example of document.querySelectorAll(".example")) {
  example.addEventListener("click", () => {
    byId("prompt").value = example.textContent.trim();
    submit();
  });
}
byId("lanes").append(
  new LaneView("With drafts").element,
  new LaneView("Without").element,
);
await loadModels();
await codeTabs(() => byId("model").value);
