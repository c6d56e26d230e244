/**
 * Where numbers come from: no measurement is worth more than this line.
 *
 * @module
 */

import { cpus } from "node:os";
import denoJson from "../../deno.json" with { type: "json" };

/** What a measurement ran on. */
export interface Machine {
  cpu: string;
  cores: number;
  deno: string;
  onnxruntime: string;
  /** Short digest, with `-dirty` where files differ from it. */
  commit: string;
}

/** Describes this machine, and the code as it is checked out. */
export async function describeMachine(): Promise<Machine> {
  const cores = cpus();
  return {
    cpu: cores[0].model.trim(),
    cores: cores.length,
    deno: Deno.version.deno,
    onnxruntime: denoJson.imports["onnxruntime-node"].split("@")[1],
    commit: await commit(),
  };
}

async function commit(): Promise<string> {
  const { stdout } = await new Deno.Command("git", {
    args: [
      "--no-optional-locks",
      "describe",
      "--always",
      "--dirty",
      "--exclude=*",
    ],
    cwd: new URL(".", import.meta.url),
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout).trim() || "unknown";
}
