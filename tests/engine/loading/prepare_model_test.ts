import { assertEquals, assertRejects } from "@std/assert";
import { parseConfig } from "../../../lib/config/config.ts";
import { prepareModel } from "../../../lib/engine/loading/prepare_model.ts";
import { writeTinyGguf } from "../../toy/tiny_gguf.ts";

Deno.test("prepareModel() refuses an unknown pre-tokenizer before it converts the file", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/tiny.gguf`;
  await writeTinyGguf(path, { seed: 1 });
  const bytes = await Deno.readFile(path);
  // "gpt-2" becomes "gpt-9" where it names the pre-tokenizer.
  const text = new TextDecoder("latin1").decode(bytes);
  const at = text.indexOf("gpt-2", text.indexOf("tokenizer.ggml.pre"));
  bytes[at + 4] = "9".charCodeAt(0);
  await Deno.writeFile(path, bytes);
  const config = parseConfig(
    { MODEL: path, CACHE_DIR: folder, BACKEND: "cpu" },
    { processors: 1, cacheHome: folder },
  );
  await assertRejects(() => prepareModel(path, config), TypeError, "gpt-9");
  const left = [...Deno.readDirSync(folder)].map(({ name }) => name);
  assertEquals(left.sort(), ["tiny.gguf", "tiny.gguf.checked.json"]);
  await Deno.remove(folder, { recursive: true });
});
