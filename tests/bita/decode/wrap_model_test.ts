import { assertEquals } from "@std/assert";
import { wrapModel } from "../../../lib/bita/decode/wrap_model.ts";
import { ToyModel } from "../../toy/model.ts";

Deno.test("wrapModel() changes nothing but the sequences", () => {
  const toy = new ToyModel();
  const sequence = toy.open(Int32Array.of(1));
  const { open, ...wrapped } = wrapModel(toy, () => sequence);
  const { vocab, masks, prompts, maxRows, context } = toy;
  assertEquals(wrapped, { vocab, masks, prompts, maxRows, context });
  assertEquals(open(Int32Array.of(2)), sequence);
});

Deno.test("wrapModel() keeps the rows that a prompt is read with", () => {
  const toy = new ToyModel();
  const narrow = wrapModel(
    { ...wrapModel(toy, toy.open), prefillRows: 3 },
    toy.open,
  );
  assertEquals(narrow.prefillRows, 3);
});
