/**
 * A process that downloads a file, for a test to kill: `_child.ts <url> <cache folder>`.
 *
 * @module
 */

import { modelFile } from "../../../models/download/download.ts";
import { Diary, modelAt } from "./_hub.ts";

const [url, cacheDir] = Deno.args;
console.log(await modelFile(modelAt(url), { cacheDir, progress: new Diary() }));
