import { assert, assertEquals } from "@std/assert";

const MIB = 1 << 20;
const CAP = 128 * MIB;
const PREFIXES = 2000;
const USER = new URL("_memory_user.ts", import.meta.url).pathname;

Deno.test(`${PREFIXES} prefixes take at most a tenth more memory than the cap`, async () => {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", USER, String(CAP), String(PREFIXES)],
  }).output();
  assertEquals(code, 0);
  const { most, bytes } = JSON.parse(new TextDecoder().decode(stdout));
  console.log(`${most / MIB | 0} MiB more, ${bytes / MIB | 0} of them blocks`);
  assert(bytes > 0.8 * CAP, "memory is used");
  assert(most < 1.1 * CAP);
});
