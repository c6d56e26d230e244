import { assertEquals, assertThrows } from "@std/assert";
import { readWindow } from "../../../models/architectures/window.ts";
import type { Metadata } from "../../../models/gguf/field.ts";

const SHAPE = { architecture: "gemma3", headDim: 2, rotated: 2, layers: 4 };

/** Returns which layers have a window, "#", with a pattern in the file. */
function layersOf(pattern: Metadata[string] | undefined): string | undefined {
  const window = readWindow({
    "gemma3.attention.sliding_window": 512,
    ...pattern !== undefined &&
      { "gemma3.attention.sliding_window_pattern": pattern },
  }, { ...SHAPE, usual: { period: 3 } });
  return window?.layers.map((isWindowed) => isWindowed ? "#" : ".").join("");
}

Deno.test("readWindow() leaves the last layer of each period without one", () => {
  assertEquals(layersOf(undefined), "##.#");
  assertEquals(layersOf(2), "#.#.");
  assertEquals(layersOf(1), "....");
  assertEquals(layersOf(0), "####");
});

Deno.test("readWindow() takes a flag for each layer", () => {
  assertEquals(layersOf([false, true, true, false]), ".##.");
  assertThrows(() => layersOf([1, 0]), TypeError, "must be a list of booleans");
});

Deno.test("readWindow() takes a size of 0 as none", () => {
  const metadata = { "gemma3.attention.sliding_window": 0 };
  const usual = { period: 6 };
  assertEquals(readWindow(metadata, { ...SHAPE, usual }), undefined);
});

Deno.test("readWindow() has other angles where the family or the file has them", () => {
  const metadata = {
    "gemma3.attention.sliding_window": 8,
    "gemma3.rope.freq_base": 100,
  };
  const baseOf = (metadata: Metadata, base?: number) => {
    const usual = { period: 6, ...base && { base } };
    const shape = { ...SHAPE, headDim: 4, rotated: 4 };
    const window = readWindow(metadata, { ...shape, usual })!;
    return Math.round(window.rotary.frequencies[1] ** -2);
  };
  assertEquals(baseOf(metadata), 100);
  assertEquals(baseOf(metadata, 10), 10);
  const own = { ...metadata, "gemma3.rope.freq_base_swa": 1000 };
  assertEquals(baseOf(own, 10), 1000);
});
