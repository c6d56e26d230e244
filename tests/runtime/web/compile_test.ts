import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { compiler } from "../../../lib/runtime/web/compile.ts";
import { findGpu } from "../_gpu.ts";

const ENTRY = "@compute @workgroup_size(1) fn main()";

/** Kernels that a device refuses: by their grammar, their types and its limits. */
const WRONG = [
  "no shader",
  `${ENTRY} { let number: u32 = 1.5; }`,
  "@compute @workgroup_size(100000) fn main() {}",
];

Deno.test({
  name: "compiler() reports a kernel that is refused, and the device goes on",
  ignore: !await findGpu(),
  async fn() {
    const device = await (await findGpu())!.requestDevice();
    const failures: string[] = [];
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      failures.push((event as GPUUncapturedErrorEvent).error.message);
    });
    const reasons: string[] = [];
    const compile = compiler(device, (reason) => reasons.push(reason));
    for (const code of WRONG) {
      assertEquals(await compile({ label: "Wrong", code }), undefined);
    }
    assert(await compile({ label: "Right", code: `${ENTRY} {}` }));
    assertEquals(reasons.length, WRONG.length);
    for (const reason of reasons) assertStringIncludes(reason, "kernel Wrong");
    assertEquals(failures, []);
    device.destroy();
  },
});
