import { assert, assertEquals } from "@std/assert";
import { startServer } from "./_server.ts";

const ROOT = new URL("../../", import.meta.url);

/** Returns the README's blocks of a language that call the server. */
function snippets(language: string): string[] {
  const readme = Deno.readTextFileSync(new URL("README.md", ROOT));
  const blocks = readme.matchAll(
    new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"),
  );
  return Array.from(blocks, ([, code]) => code)
    .filter((code) => code.includes("127.0.0.1:8000"));
}

/** Runs a command in the repository; gives what it printed. */
async function output(program: string, args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd: ROOT,
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

Deno.test("README's snippets work as they stand", async (t) => {
  await using server = await startServer();
  const here = (code: string) =>
    code.replaceAll("http://127.0.0.1:8000", server.url);

  const [curl] = snippets("sh");
  await t.step("curl", async () => {
    const said = await output("bash", ["-c", here(curl)]);
    assert(said.startsWith("data: "), said);
    assert(said.endsWith("data: [DONE]\n\n"), said);
  });

  const scripts = snippets("ts");
  assertEquals(scripts.length, 3);
  for (const script of scripts) {
    await t.step(script.split("\n")[0], async () => {
      const path = await Deno.makeTempFile({ suffix: ".ts" });
      await Deno.writeTextFile(path, here(script));
      const config = new URL("deno.json", ROOT).pathname;
      const said = await output(Deno.execPath(), [
        "run",
        "-A",
        `--config=${config}`,
        path,
      ]);
      await Deno.remove(path);
      assert(said.trim().length > 10, said);
    });
  }
});
