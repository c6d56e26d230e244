import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { FAMILIES } from "../../../models/architectures/families.ts";
import { FAMILY_FILES, IDS, LENGTHS, ONLY_PYTORCH } from "./_families.ts";
import { logitsAfter, withModel } from "./_models.ts";

/** What llama.cpp computes; `golden.ts` writes it. */
const GOLDEN = Deno.readTextFileSync(new URL("golden.jsonl", import.meta.url))
  .trim().split("\n").map((line) => JSON.parse(line)) as {
    name: string;
    best: [token: number, logit: number][][];
  }[];

/** The tokens whose logits `pytorch.jsonl` has: every so many. */
const EVERY = 7;

/** What PyTorch computes; `pytorch.ts` writes it. */
const PYTORCH: { name: string; logits: number[][] }[] = Deno
  .readTextFileSync(new URL("pytorch.jsonl", import.meta.url))
  .trim().split("\n").map((line) => JSON.parse(line));

Deno.test("each architecture has a tiny model and what others compute", () => {
  const models = Object.keys(FAMILY_FILES);
  assertEquals(
    GOLDEN.map(({ name }) => name),
    models.filter((name) => !ONLY_PYTORCH.includes(name)),
  );
  assertEquals(PYTORCH.map(({ name }) => name), models);
  const families = models.map((name) => name.split("-")[0]);
  assertEquals(new Set(families), new Set(Object.keys(FAMILIES)));
});

for (const { name, logits: expected } of PYTORCH) {
  const best = GOLDEN.find((golden) => golden.name === name)?.best;
  Deno.test(`${name}: logits are those of llama.cpp and PyTorch`, async () => {
    await withModel(FAMILY_FILES[name], "fp32", async (model) => {
      for (const [index, length] of LENGTHS.entries()) {
        const ids = IDS.subarray(0, length);
        const sequence = model.open(ids);
        const logits = await logitsAfter(model, sequence, ids);
        for (const [i, logit] of expected[index].entries()) {
          const seen = logits[i * EVERY];
          assertAlmostEquals(seen, logit, 1e-4, `PyTorch after ${length}`);
        }
        if (best === undefined) continue;
        const most = logits[best[index][0][0]];
        for (const [token, logit] of best[index]) {
          const seen = logits[token] - most;
          assertAlmostEquals(seen, logit, 2e-3, `llama.cpp after ${length}`);
        }
      }
    });
  });
}

for (const { name, logits: expected } of PYTORCH) {
  Deno.test(`${name}: logits of 8-bit weights and rows are near PyTorch's`, async () => {
    await withModel(FAMILY_FILES[name], "w8a8", async (model) => {
      let lost = 0, all = 0;
      for (const [index, length] of LENGTHS.entries()) {
        const ids = IDS.subarray(0, length);
        const logits = await logitsAfter(model, model.open(ids), ids);
        for (const [i, logit] of expected[index].entries()) {
          lost += (logits[i * EVERY] - logit) ** 2;
          all += logit ** 2;
        }
      }
      const share = Math.sqrt(lost / all);
      assert(share < 0.03, `${share} is lost`);
    });
  });
}
