import { assert, assertEquals } from "@std/assert";
import { startServer } from "./_server.ts";

const ROOT = new URL("../../", import.meta.url);
const SNIPPETS = new URL("routes/playground/snippets/", ROOT);

/** How to run a snippet in a file, by the end of its name. */
function commandFor(path: string): [string, string[]] {
  if (path.endsWith(".sh")) return ["bash", [path]];
  const config = `--config=${new URL("deno.json", ROOT).pathname}`;
  return [Deno.execPath(), ["run", "-A", config, path]];
}

Deno.test("the playground's snippets work", async (t) => {
  await using server = await startServer();
  const names = [...Deno.readDirSync(SNIPPETS)].map(({ name }) => name);
  assertEquals(names.length, 4);
  for (const name of names) {
    await t.step(name, async () => {
      const code = await Deno.readTextFile(new URL(name, SNIPPETS));
      const path = await Deno.makeTempFile({ suffix: name });
      await Deno.writeTextFile(
        path,
        code
          .replaceAll("http://127.0.0.1:8000", server.url)
          .replaceAll(": 100", ": 12"), // tokens are enough
      );
      const [program, args] = commandFor(path);
      const { code: status, stdout, stderr } = await new Deno.Command(program, {
        args,
        cwd: ROOT,
      }).output();
      await Deno.remove(path);
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      assertEquals(status, 0, text(stderr));
      assert(text(stdout).trim().length > 10, text(stdout));
    });
  }
});
