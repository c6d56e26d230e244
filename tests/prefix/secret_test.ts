import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { openSecret, secretPath } from "../../lib/prefix/secret.ts";
import { temporaryFolder } from "./_folder.ts";

Deno.test("openSecret() stretches a passphrase to 32 bytes, the same for the same one", async () => {
  const passphrase = "some words of mine";
  const secret = await openSecret({ passphrase });
  assertEquals(secret.length, 32);
  assertEquals(await openSecret({ passphrase }), secret);
  assertNotEquals(
    await openSecret({ passphrase: "other words of mine" }),
    secret,
  );
  const hash = createHash("sha256").update(passphrase).digest();
  assertNotEquals(secret, new Uint8Array(hash), "a guess must be slow");
});

Deno.test("openSecret() hashes 32 random bytes in hex, without stretching", async () => {
  const passphrase = "0123456789abcdef".repeat(4);
  assertEquals(
    (await openSecret({ passphrase })).toHex(),
    "a8ae6e6ee929abea3afcfc5258c8ccd6f85273e0d4626d26c7279f3250f77c8e",
  );
});

Deno.test("openSecret() draws once, for all that start together", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/cache/secret`;
  const [first, ...others] = await Promise.all(
    Array.from({ length: 8 }, () => openSecret({ path })),
  );
  for (const other of others) assertEquals(other, first);
  assertEquals(await openSecret({ path }), first);
  assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);
  assertEquals([...Deno.readDirSync(`${folder.path}/cache`)].length, 1);
});

Deno.test("openSecret() draws one for the process where it can keep none", async () => {
  for (const path of ["/proc/nowhere/secret", undefined]) {
    const secret = await openSecret({ path });
    assertEquals(secret.length, 32);
    assertNotEquals(await openSecret({ path }), secret);
  }
});

Deno.test("openSecret() refuses a file that is no secret, and leaves it alone", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/secret`;
  Deno.writeTextFileSync(path, "something else");
  await assertRejects(
    () => openSecret({ path }),
    Error,
    `at ${path}: a file of 32 bytes is required: received one of 14`,
  );
  assertEquals(Deno.readTextFileSync(path), "something else");
  assertEquals([...Deno.readDirSync(folder.path)].length, 1);
});

Deno.test("secretPath() is a place only where a store outlives the process", () => {
  const path = (mode: string, kv: string) =>
    secretPath({ mode, kv, cacheDir: "/cache" });
  assertEquals(path("kv", "/data/kv.sqlite"), "/data/secret");
  assertEquals(path("kv", "https://kv.example"), "/cache/prefix/secret");
  assertEquals(path("kv", ":memory:"), undefined);
  for (const mode of ["memory", "off"]) {
    assertEquals(path(mode, "/data/kv.sqlite"), undefined);
  }
});
