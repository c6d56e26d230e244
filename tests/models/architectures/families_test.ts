import { assertAlmostEquals, assertEquals } from "@std/assert";
import { FAMILIES } from "../../../models/architectures/families.ts";
import { FAMILY_FILES, IDS, LENGTHS } from "./_families.ts";
import { logitsAfter, withModel } from "./_models.ts";

/** What llama.cpp computes; `golden.ts` writes it. */
const GOLDEN = Deno.readTextFileSync(new URL("golden.jsonl", import.meta.url))
  .trim().split("\n").map((line) => JSON.parse(line)) as {
    name: string;
    best: [token: number, logit: number][][];
  }[];

Deno.test("each architecture has a tiny model and what llama.cpp computes", () => {
  const models = Object.keys(FAMILY_FILES);
  assertEquals(GOLDEN.map(({ name }) => name), models);
  const families = models.map((name) => name.split("-")[0]);
  assertEquals(new Set(families), new Set(Object.keys(FAMILIES)));
});

for (const { name, best } of GOLDEN) {
  Deno.test(`${name}: logits are those of llama.cpp`, async () => {
    await withModel(FAMILY_FILES[name], "fp32", async (model) => {
      for (const [index, length] of LENGTHS.entries()) {
        const ids = IDS.subarray(0, length);
        const sequence = model.open(ids);
        const logits = await logitsAfter(model, sequence, ids);
        const expected = best[index];
        const most = logits[expected[0][0]];
        for (const [token, logit] of expected) {
          const seen = logits[token] - most;
          assertAlmostEquals(seen, logit, 2e-3, `after ${length}`);
        }
      }
    });
  });
}
