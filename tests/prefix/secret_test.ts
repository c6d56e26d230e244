import { assertEquals, assertNotEquals } from "@std/assert";
import { keptSecret, secretOf } from "../../lib/prefix/secret.ts";
import { temporaryFolder } from "./_folder.ts";

Deno.test("secretOf() is 32 bytes, the same for the same words", () => {
  assertEquals(secretOf("some words").length, 32);
  assertEquals(secretOf("some words"), secretOf("some words"));
  assertNotEquals(secretOf("other words"), secretOf("some words"));
});

Deno.test("keptSecret() draws once, for all who start together", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/cache/secret`;
  const [first, ...others] = await Promise.all(
    Array.from({ length: 8 }, () => keptSecret(path)),
  );
  for (const other of others) assertEquals(other, first);
  assertEquals(await keptSecret(path), first);
  assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);
  assertEquals([...Deno.readDirSync(`${folder.path}/cache`)].length, 1);
});

Deno.test("keptSecret() makes do where nothing can be kept", async () => {
  const secret = await keptSecret("/proc/nowhere/secret");
  assertEquals(secret.length, 32);
  assertNotEquals(await keptSecret("/proc/nowhere/secret"), secret);
});
