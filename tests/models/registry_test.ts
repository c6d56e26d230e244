import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  REGISTRY,
  type RemoteModel,
  resolveModel,
} from "../../models/registry.ts";

/** Resolves the name of a model to download. */
function resolveRemote(name: string): RemoteModel {
  const model = resolveModel(name);
  if ("sources" in model) return model;
  throw new Error(`"${name}" is a path or on a hub`);
}

Deno.test("REGISTRY has a card in the folder of each id", async () => {
  for (const [id, card] of REGISTRY) {
    const path = new URL(`../../models/${id}/model.json`, import.meta.url);
    assertEquals(JSON.parse(await Deno.readTextFile(path)), card);
    assertMatch(card.sha256, /^[0-9a-f]{64}$/);
    assert(card.bytes > 0 && card.sources.length > 0);
  }
});

Deno.test("resolveModel() resolves a registry id", () => {
  const model = resolveRemote("smollm2-135m-instruct");
  assertEquals(model.file, "smollm2-135m-instruct-b179c9523d0e6a0f.gguf");
  assertEquals(model.bytes, 98_362_432);
  assertEquals(model.sources.length, 2);
});

Deno.test("resolveModel() takes a hub's repository, with a quantization or not", () => {
  const repo = "someone/Tiny-Instruct-GGUF";
  const model = { id: "Tiny-Instruct", repo };
  assertEquals(resolveModel(`hf:${repo}`), model);
  assertEquals(resolveModel(`hf:${repo}:Q4_K_M`), {
    ...model,
    quant: "Q4_K_M",
  });
});

Deno.test("resolveModel() returns a path unchanged", () => {
  assertEquals(resolveModel("../my models/Tiny Llama.Q4_1.gguf"), {
    id: "Tiny-Llama.Q4_1",
    path: "../my models/Tiny Llama.Q4_1.gguf",
  });
});

Deno.test("resolveModel() names a URL's file by the URL's hash", () => {
  const url = "https://example.org/a/tiny.gguf?download=1";
  assertEquals(resolveModel(url), {
    id: "tiny",
    file: "tiny-91d5ebc9644d8098.gguf",
    sources: [{ url }],
  });
  const other = resolveRemote("https://example.org/b/tiny.gguf");
  assert(other.file !== "tiny-91d5ebc9644d8098.gguf");
});

Deno.test("resolveModel() never leaves the cache folder for a URL", () => {
  for (const path of ["..%2f..%2fx.gguf", "", "...gguf", "a%00b"]) {
    const { file } = resolveRemote(`https://example.org/${path}`);
    assertMatch(file, /^[\w-][\w.-]*-[0-9a-f]{16}\.gguf$/);
  }
});

Deno.test("resolveModel() refuses any other name", () => {
  const names = [
    "gpt-4",
    "",
    "hf:a",
    "hf:../x",
    "hf:a/b/c",
    "http://example.org/a.gguf",
    "https://",
    "a.bin",
  ];
  for (const name of names) {
    assertThrows(
      () => resolveModel(name),
      TypeError,
      `one of smollm2-135m-instruct, gemma-3-270m, hf:OWNER/NAME, a path to a .gguf file or an https URL: received "${name}"`,
    );
  }
});
