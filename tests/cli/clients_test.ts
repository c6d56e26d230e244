import { assertEquals, assertMatch } from "@std/assert";
import { parse } from "yaml";
import { CLIENTS } from "../../cli/clients.ts";
import { startServer } from "../server/_server.ts";
import { writeTinyGguf } from "../toy/tiny_gguf.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("the code that launch prints talks to a server", async () => {
  const folder = await Deno.makeTempDir();
  await writeTinyGguf(`${folder}/tiny.gguf`, { seed: 1 });
  const env = {
    MODEL: `${folder}/tiny.gguf`,
    CACHE_DIR: folder,
    MAX_TOKENS: "8",
  };
  {
    await using server = await startServer(env);
    for (const name of ["openai", "ai-sdk"]) {
      const whole = CLIENTS.get(name)!({ url: server.url, model: "tiny" });
      const [code] = whole.split("\n\n#");
      const path = `${folder}/${name}.ts`;
      await Deno.writeTextFile(path, code);
      const config = `--config=${new URL("deno.json", ROOT).pathname}`;
      const { success, stdout, stderr } = await new Deno.Command(
        Deno.execPath(),
        { args: ["run", "-A", "--no-lock", config, path] },
      ).output();
      assertEquals(success, true, new TextDecoder().decode(stderr));
      assertMatch(new TextDecoder().decode(stdout), /./);
    }
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("the files that launch prints can be parsed and name the server", () => {
  const target = { url: "http://bita:80", model: "m" };
  const [, zed] = CLIENTS.get("zed")!(target).split(/^\/\/.*\n/);
  const { bita } = JSON.parse(zed).language_models.openai_compatible;
  assertEquals(bita.api_url, "http://bita:80/v1");
  const { models: [model] } = parse(CLIENTS.get("continue")!(target));
  assertEquals([model.model, model.apiBase], ["m", "http://bita:80/v1"]);
});
