import { assert, assertEquals, assertMatch } from "@std/assert";
import { once } from "node:events";
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { pack } from "../../deploy/npm/pack.ts";
import { realGguf } from "../real_model.ts";

Deno.test("the npm package serves from an empty folder, and SIGTERM ends it", async (t) => {
  await realGguf(); // is in the cache then
  const folder = await Deno.makeTempDir();
  try {
    const tarball = await pack(folder);
    await Deno.mkdir(`${folder}/empty`);
    await run("npm", ["install", "--no-audit", "--no-fund", tarball]);

    await t.step("the command", () => serveOnce(`node_modules/.bin/bita`, []));
    await t.step("npx", () => serveOnce("npx", ["--no", "bita"]));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }

  async function run(program: string, args: string[]): Promise<void> {
    const { success, stderr } = await new Deno.Command(program, {
      args,
      cwd: `${folder}/empty`,
    }).output();
    assert(success, new TextDecoder().decode(stderr));
  }

  /** Starts a server by a command, asks it something and ends it. */
  async function serveOnce(program: string, args: string[]): Promise<void> {
    const child = spawn(program, args, {
      cwd: `${folder}/empty`,
      env: { ...Deno.env.toObject(), PORT: "0", PREFIX_CACHE: "off" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const closed = once(child.stdout!, "close");
    const origin = await listening(child);
    const response = await fetch(`${origin}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        model: "smollm2-135m-instruct",
        messages: [{ role: "user", content: "Why is the sky blue?" }],
        max_tokens: 4,
      }),
    });
    assertEquals(response.status, 200);
    assertMatch((await response.json()).choices[0].message.content, /./);
    child.kill("SIGTERM");
    await closed; // Deno itself has the pipe, so all of them have ended.
  }
});

/** Resolves to the origin of a server that listens. */
async function listening(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const origin = /^Listening on (\S+);/.exec(line)?.[1];
    if (origin) {
      child.stdout!.resume();
      return origin;
    }
  }
  throw new Error("The command ended before it listened");
}
