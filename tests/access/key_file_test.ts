import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { callerOf, plainKey } from "../../lib/access/api_keys.ts";
import { KeyFile, readKeys } from "../../lib/access/key_file.ts";

const line = (name: string) => `${name} ${callerOf(plainKey(name))}\n`;

/** Makes a file of keys, and what a server knows of it. */
async function keyFile(text: string) {
  const path = await Deno.makeTempFile();
  const warnings: string[] = [];
  const clock = { ms: 0 };
  const file = new KeyFile({
    path,
    onWarning: (text) => warnings.push(text),
    now: () => clock.ms,
  });
  const write = async (text: string) => {
    await Deno.writeTextFile(path, text);
    await Deno.chmod(path, 0o600);
  };
  await write(text);
  return {
    path,
    warnings,
    clock,
    write,
    names: async () => (await file.keys()).map(({ name }) => name),
    [Symbol.asyncDispose]: () => Deno.remove(path).catch(() => {}),
  };
}

Deno.test("KeyFile reads its file again when it has changed, a second later at most", async () => {
  await using it = await keyFile(line("alice"));
  assertEquals(await Promise.all([it.names(), it.names()]), [
    ["alice"],
    ["alice"],
  ]);
  await it.write(line("alice") + line("bob"));
  it.clock.ms = 999;
  assertEquals(await it.names(), ["alice"]);
  it.clock.ms = 1000;
  assertEquals(await it.names(), ["alice", "bob"]);
  await it.write("");
  it.clock.ms = 2000;
  assertEquals(await it.names(), []);
  assertEquals(it.warnings, []);
});

Deno.test("KeyFile keeps its keys while its file can't be read, and warns once", async () => {
  await using it = await keyFile(line("alice"));
  assertEquals(await it.names(), ["alice"]);
  await it.write("alice secret");
  for (const ms of [1000, 2000]) {
    it.clock.ms = ms;
    assertEquals(await it.names(), ["alice"]);
  }
  assertEquals(it.warnings.length, 1);
  assertStringIncludes(
    it.warnings[0],
    `${it.path}: line 1 must have the SHA-256`,
  );
  await Deno.remove(it.path);
  for (const ms of [3000, 4000]) {
    it.clock.ms = ms;
    assertEquals(await it.names(), ["alice"]);
  }
  assertEquals(it.warnings.length, 2);
  assertStringIncludes(it.warnings[1], "must be a file that can be read");
});

Deno.test({
  name: "KeyFile warns of a file that every user can read",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using it = await keyFile(line("alice"));
    await Deno.chmod(it.path, 0o644);
    assertEquals(await it.names(), ["alice"]);
    assertEquals(it.warnings, [
      `every user can read API_KEYS_FILE ${it.path}: chmod 600 it`,
    ]);
  },
});

Deno.test("readKeys() says which file is missing", async () => {
  await assertRejects(
    () => readKeys("/nowhere/keys"),
    TypeError,
    "Cannot read API_KEYS_FILE /nowhere/keys: it must be a file that can be read",
  );
});
