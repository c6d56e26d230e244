/**
 * The benchmark of GPUs alone, for a machine that has only what this one needs.
 *
 * @module
 */

import { runCommand } from "../command.ts";
import { gpu } from "./gpu.ts";

if (import.meta.main) await runCommand({ gpu }, ["gpu", ...Deno.args]);
