import { assertEquals, assertRejects } from "@std/assert";
import { JsonLines } from "./json_lines.ts";

Deno.test("JsonLines returns the objects of a child one by one", async () => {
  await using child = new JsonLines("cat", []);
  child.send({ a: 1 });
  child.send({ b: "ü\n" });
  assertEquals(await child.receive(), { a: 1 });
  assertEquals(await child.receive(), { b: "ü\n" });
});

Deno.test("JsonLines fails once the child has ended", async () => {
  await using child = new JsonLines("true", []);
  await assertRejects(() => child.receive(), Error, "received its end");
});
