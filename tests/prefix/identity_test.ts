import { formatOn, openRealModel, realArtefact } from "../real_model.ts";
import { textTokens } from "../runtime/_text.ts";
import { ToyModel } from "../toy/model.ts";
import { assertIdentical, somePrompts } from "./_identity.ts";
import { promptOf } from "./_toy_cache.ts";

for (const draft of ["none", "bita"] as const) {
  for (const invariant of [true, false]) {
    const where = invariant ? "bits" : "shapes";
    Deno.test(`the cache changes no logit of the toy, draft ${draft}, same ${where}`, async () => {
      await assertIdentical({
        model: new ToyModel({ context: 120, perturb: invariant, maxRows: 31 }),
        prompts: somePrompts(invariant ? 200 : 40, promptOf),
        draft,
        bytesPerToken: 20,
        invariant,
      });
    });
  }

  Deno.test(`the cache changes no logit of the real model, draft ${draft}`, async () => {
    const { config } = await realArtefact(formatOn("cpu"));
    const text = await textTokens();
    const textOf = (length: number, seed: number) => {
      const from = seed * 13 % (text.length - length);
      return text.slice(from, from + length);
    };
    await assertIdentical({
      model: await openRealModel("cpu", { context: 128 }),
      prompts: somePrompts(24, textOf),
      draft,
      bytesPerToken: 2 * config.layers * config.kvHeads * config.headDim * 4,
      invariant: true,
    });
  });
}
