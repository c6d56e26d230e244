/**
 * Prints whether this machine may have a GPU, as far as this process may know.
 *
 * @module
 */

import { mayHaveGpu } from "../../lib/runtime/web/gpu_adapter.ts";

console.log(mayHaveGpu());
