/**
 * Entry point of the page. Connects the form, the buttons and the chat.
 *
 * @module
 */

import { Chat } from "./chat.js";
import { codeTabs } from "./code_tabs.js";
import { byId } from "./elements.js";
import { LaneView } from "./lane_view.js";

const chat = new Chat((text) => byId("status").textContent = text);

async function submit() {
  const prompt = byId("prompt").value.trim();
  if (!prompt || byId("send").hidden) return;
  byId("prompt").value = "";
  byId("welcome").hidden = true;
  busy(true);
  await chat.ask(prompt, readParameters());
  busy(false);
  await describeModel().catch(() => {}); // the status says what has failed
}

/** Swaps the buttons. The focus never stays on a hidden one. */
function busy(is) {
  const had = document.activeElement;
  byId("send").hidden = is;
  byId("stop").hidden = !is;
  byId("clear").disabled = is;
  if (had === byId("send") || had === byId("stop")) byId("prompt").focus();
}

/**
 * Returns the fields of the request and the other values of the form.
 *
 * The seed is always set, so that the request can be repeated without drafts.
 */
function readParameters() {
  const form = new FormData(byId("parameters"));
  const number = (name) => Number(form.get(name));
  const [seed] = crypto.getRandomValues(new Uint32Array(1));
  return {
    fields: {
      model: byId("model").value,
      draft: form.get("draft"),
      max_tokens: number("max_tokens"),
      temperature: number("temperature"),
      top_p: number("top_p"),
      seed: form.get("seed") === "" ? seed : number("seed"),
    },
    key: form.get("key"),
    system: form.get("system").trim(),
    compare: form.get("compare") !== null,
  };
}

/** Fills the model list. */
async function loadModels() {
  const { models } = await (await fetch("health")).json();
  const picker = byId("model");
  picker.replaceChildren(...models.map(({ id }) => new Option(id)));
  picker.addEventListener("change", describeModel);
  await describeModel();
}

/** Shows how the model runs on this server, or its state if it was never open. */
async function describeModel() {
  const { models } = await (await fetch("health")).json();
  const { state, backend, weights, exact } =
    models[byId("model").selectedIndex];
  byId("host").textContent = backend
    ? `${backend}, ${weights}, ${exact} exact`
    : state;
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
  new LaneView("Without drafts").element,
);
await loadModels();
await codeTabs(() => byId("model").value);
