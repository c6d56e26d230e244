import { assertEquals } from "@std/assert";
import { realGguf } from "../real_model.ts";
import {
  FAMILY_FILES,
  IDS,
  LENGTHS,
} from "../models/architectures/_families.ts";
import { spmFile, spmTexts } from "../text/sentence_piece/_spm.ts";
import { writeTinyGguf } from "../toy/tiny_gguf.ts";
import { PYTHON, python, withTinyModel } from "./_python.ts";

const FOLDER = new URL(".", import.meta.url).pathname;

/** Writes what `families_test.py` reads. */
async function writeFamilies(folder: string): Promise<void> {
  for (const [name, options] of Object.entries(FAMILY_FILES)) {
    await writeTinyGguf(`${folder}/${name}.gguf`, options);
  }
  for (const prefix of [0, 1]) {
    await Deno.writeFile(`${folder}/spm-${prefix}.gguf`, spmFile(prefix === 1));
  }
  const write = (name: string, value: unknown) =>
    Deno.writeTextFile(`${folder}/${name}.json`, JSON.stringify(value));
  await write("spm", spmTexts());
  await write("text", { ids: [...IDS], lengths: LENGTHS });
}

for (const { name } of Deno.readDirSync(FOLDER)) {
  if (!name.endsWith("_test.py")) continue;
  Deno.test(`${name} passes`, { ignore: !PYTHON }, async () => {
    await withTinyModel(async ({ folder, model }) => {
      const env: Record<string, string> = { TINY: model };
      if (name === "llama_test.py") env.MODEL = (await realGguf()).path;
      if (name === "families_test.py") {
        await writeFamilies(folder);
        env.FAMILIES = folder;
      }
      const module = name.replace(/\.py$/, "");
      const { code, stderr } = await python(["-m", "unittest", module], env);
      assertEquals(code, 0, stderr);
    });
  });
}
