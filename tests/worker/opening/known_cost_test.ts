import { assertEquals } from "@std/assert";
import { readCost, writeCost } from "../../../lib/worker/opening/known_cost.ts";

const DAY = 24 * 60 * 60 * 1000;
const SAMPLES = {
  body: [[2, 10], [8, 20.5]],
  head: [[2, 1], [8, 3]],
} as const;

Deno.test("readCost() returns what was noted for as many threads, for a day", async () => {
  const folder = await Deno.makeTempDir();
  const place = { folder, backend: "cpu", threads: 2 };
  assertEquals(await readCost(place, 0), undefined);
  await writeCost(place, structuredClone(SAMPLES), 1000);
  assertEquals(await readCost(place, 1000), structuredClone(SAMPLES));
  assertEquals(await readCost(place, 999), undefined);
  assertEquals(await readCost(place, 1000 + DAY), undefined);
  assertEquals(await readCost({ ...place, threads: 3 }, 1000), undefined);
  await Deno.remove(folder, { recursive: true });
  await writeCost(place, structuredClone(SAMPLES), 1000); // fails silently
});

Deno.test("readCost() refuses damaged notes", async () => {
  const folder = await Deno.makeTempDir();
  const place = { folder, backend: "cpu", threads: 2 };
  await writeCost(place, structuredClone(SAMPLES), 1000);
  const [{ name }] = Deno.readDirSync(folder);
  const whole = await Deno.readTextFile(`${folder}/${name}`);
  for (
    const damaged of [
      "",
      whole.slice(0, -1),
      whole.replace("20.5", "null"),
      whole.replace("20.5", "-1"),
      whole.replace("[[2,1],[8,3]]", "[[2,1]]"),
      whole.replace('"head"', '"tail"'),
    ]
  ) {
    await Deno.writeTextFile(`${folder}/${name}`, damaged);
    assertEquals(await readCost(place, 1000), undefined, damaged);
  }
  await Deno.remove(folder, { recursive: true });
});
