import { assertEquals } from "@std/assert";
import { responseTools } from "../../../lib/wire/responses/tools.ts";

const add = { type: "function", name: "add", parameters: { type: "object" } };

function mistake(tools: unknown): string {
  const { error } = responseTools.safeParse(tools);
  const [{ path, message }] = error!.issues;
  return `${path.join(".")} ${message}`;
}

Deno.test("responseTools leaves out all but functions", () => {
  const others = [
    { type: "web_search" },
    { type: "custom", name: "add" },
    { type: "namespace", name: "x", tools: [add] },
  ];
  assertEquals(responseTools.parse([...others, add]), [add]);
  assertEquals(responseTools.parse(others), []);
});

Deno.test("responseTools refuses a tool that is wrong, by its place", () => {
  assertEquals(
    mistake([{ type: "web_search" }, { ...add, name: "a b" }]),
    "1.name must be 1 to 64 letters, digits, underscores or hyphens",
  );
  assertEquals(
    mistake([add, add]),
    "1.name must be the name of no other tool",
  );
  assertEquals(
    mistake(["add"]),
    "0 must be an object with a type and a name",
  );
  assertEquals(mistake([{ name: "add" }]), "0.type must be the type of a tool");
  assertEquals(
    mistake(Array(129).fill({ type: "web_search" })),
    " must be an array of at most 128 tools",
  );
});
