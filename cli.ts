/**
 * The command line: `serve`, `pull`, `models`, `chat` and others.
 *
 * @module
 */

import { createProgram } from "./cli/program.ts";
import project from "./deno.json" with { type: "json" };
import { orExit } from "./routes/start.ts";

if (import.meta.main) {
  const program = createProgram(project.version);
  await orExit(() => program.parseAsync(Deno.args, { from: "user" }));
}
