import { assertEquals } from "@std/assert";
import { realGguf } from "../real_model.ts";
import { PYTHON, python, withTinyModel } from "./_python.ts";

const FOLDER = new URL(".", import.meta.url).pathname;

for (const { name } of Deno.readDirSync(FOLDER)) {
  if (!name.endsWith("_test.py")) continue;
  Deno.test(`${name} passes`, { ignore: !PYTHON }, async () => {
    await withTinyModel(async ({ model }) => {
      const env: Record<string, string> = { TINY: model };
      if (name === "llama_test.py") env.MODEL = (await realGguf()).path;
      const module = name.replace(/\.py$/, "");
      const { code, stderr } = await python(["-m", "unittest", module], env);
      assertEquals(code, 0, stderr);
    });
  });
}
