import { assert } from "@std/assert";

Deno.test("a thrifty backend returns the memory of a long text once it is closed", async () => {
  const script = new URL("_long_texts.ts", import.meta.url).pathname;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", script],
    stderr: "inherit",
  }).output();
  const kept: number[] = JSON.parse(new TextDecoder().decode(stdout));
  assert(kept.every((mib) => mib < 20), `${kept} MiB of 80 are kept`);
});
