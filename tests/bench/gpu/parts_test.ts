import { assertEquals, assertRejects } from "@std/assert";
import { Parts, type Setup } from "./parts.ts";

const SETUP: Setup = {
  commit: "0c0ffee",
  device: "a device",
  model: "a model",
  sizes: { rows: [1] },
};

Deno.test("Parts go on after the last one that was finished", async (t) => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/parts.json`;
  const measured: string[] = [];
  const measure = (name: string) => () => {
    measured.push(name);
    return Promise.resolve([{ name }]);
  };
  const interrupted = async (setup: Setup) => {
    measured.length = 0;
    const parts = await Parts.open(path, setup);
    assertEquals(await parts.take("a", measure("a")), [{ name: "a" }]);
    assertEquals(await parts.take("b", measure("b")), [{ name: "b" }]);
    const fail = () => Promise.reject(new Error("The power is off"));
    await assertRejects(() => parts.take("c", fail), Error, "The power");
    return measured.join();
  };

  assertEquals(await interrupted(SETUP), "a,b");
  const parts = await Parts.open(path, SETUP);
  assertEquals(parts.names, ["a", "b"]);
  assertEquals(await interrupted(SETUP), "", "they are known");

  for (const [name, other] of Object.entries({ ...SETUP, sizes: 1 })) {
    await t.step(`parts of another ${name} are measured again`, async () => {
      const setup = {
        ...SETUP,
        [name]: name === "commit" ? "bad" : other + "2",
      };
      assertEquals(await interrupted(setup), "a,b");
      assertEquals(await interrupted(setup), "");
      assertEquals(await interrupted(SETUP), "a,b");
    });
  }

  await t.step("parts of changed files are measured again", async () => {
    const setup = { ...SETUP, commit: "0c0ffee-dirty" };
    assertEquals(await interrupted(setup), "a,b");
    assertEquals(await interrupted(setup), "a,b");
  });

  await t.step("a whole report is not kept", async () => {
    assertEquals(await interrupted(SETUP), "a,b");
    await (await Parts.open(path, SETUP)).end();
    assertEquals(await interrupted(SETUP), "a,b");
  });

  await Deno.writeTextFile(path, "{");
  assertEquals(await interrupted(SETUP), "a,b", "a file that is no JSON");
  await Deno.remove(folder, { recursive: true });
});
