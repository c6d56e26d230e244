import { assertEquals, assertMatch } from "@std/assert";
import {
  toListed,
  toRunning,
  toShown,
} from "../../../lib/wire/ollama/models.ts";
import { toyInfo } from "../../toy/engine.ts";

const closed = { id: "toy", created: 1_700_000_000, info: undefined };
const open = { ...closed, info: toyInfo("toy") };

Deno.test("models have a tag and a digest of their own", () => {
  const { name, digest, modified_at } = toListed(closed);
  assertEquals([name, modified_at], ["toy:latest", "2023-11-14T22:13:20.000Z"]);
  assertMatch(digest, /^[0-9a-f]{64}$/);
  assertEquals(toListed({ ...closed, id: "toy:Q4_1" }).name, "toy:Q4_1");
});

Deno.test("what a file holds is listed once the model has been open", () => {
  assertEquals(toShown(closed).model_info, { "general.basename": "toy" });
  const { model_info, details } = toShown(open);
  assertEquals(model_info["general.architecture"], "toy");
  assertEquals(model_info["toy.context_length"], open.info.context);
  assertEquals([details.family, details.quantization_level], ["toy", "F32"]);
  assertEquals(details.parameter_size, "1K");
  assertEquals([toListed(closed).size, toListed(open).size], [0, 4000]);
});

Deno.test("a model that is open on a GPU takes its memory", () => {
  const { info } = open;
  const gpu = { ...open, info: { ...info, backend: "webgpu" } };
  assertEquals([toRunning(open).size_vram, toRunning(gpu).size_vram], [
    0,
    4000,
  ]);
  assertEquals(toRunning(open).context_length, info.context);
});
