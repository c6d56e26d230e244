import { assert } from "@std/assert";
import { openRealModel } from "../../real_model.ts";
import { agreement, describe } from "../_agreement.ts";
import { textTokens } from "../_text.ts";
import { assertSameBits } from "../_widths.ts";

const text = await textTokens(200);
const wasm = await openRealModel("wasm", { context: 256 });

Deno.test("wasm says what cpu says with the same weights", async () => {
  const cpu = await openRealModel("cpu", { format: "fp32", context: 256 });
  const result = await agreement(wasm, cpu, text);
  console.log(`wasm and cpu, fp32: ${describe(result)}`);
  assert(result.best >= 0.995);
  assert(result.largest < 1e-3);
});

Deno.test("natural rows are the same bits at any pass width on wasm", async () => {
  await assertSameBits(wasm, text.subarray(0, 31), [
    { width: 2 },
    { width: 3, junk: { siblings: 2, masks: 3 } },
    { width: 8 },
    { width: 16, junk: { siblings: 12, masks: 3 } },
    { width: 31 },
  ]);
});
