/**
 * The machine that a benchmark runs on, and how busy it is with other work.
 *
 * @module
 */

import { cpus } from "node:os";
import denoJson from "../../deno.json" with { type: "json" };

/** Hardware and software of a measurement. */
export interface Machine {
  cpu: string;
  cores: number;
  deno: string;
  onnxruntime: string;
  /** Short digest, with `-dirty` if files differ from the commit. */
  commit: string;
}

/** Describes this machine and checkout. */
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

/** Returns the commit of this checkout, or the one that a copy of it was packed from. */
async function commit(): Promise<string> {
  const packed = Deno.env.get("BENCH_COMMIT");
  if (packed) return packed;
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

/** Clock ticks of all processors since the system started. */
export interface CpuTime {
  /** All ticks. */
  all: number;
  /** Ticks that were not idle, in this system or stolen by another. */
  busy: number;
  /** Ticks of this process and of its children that have ended. */
  own: number;
}

/** Reads the time of the processors; `undefined` if the system is not Linux. */
export async function cpuTime(): Promise<CpuTime | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  return parseCpuTime({
    system: await Deno.readTextFile("/proc/stat"),
    self: await Deno.readTextFile("/proc/self/stat"),
  });
}

/** Parses `/proc/stat` and `/proc/<pid>/stat`, described in proc(5). */
export function parseCpuTime(
  { system, self }: { system: string; self: string },
): CpuTime {
  const [user, nice, kernel, idle, wait, irq, softirq, steal] = system
    .split("\n")[0].trim().split(/\s+/).slice(1).map(Number);
  const busy = user + nice + kernel + irq + softirq + steal;
  // The fields before these end with a name in brackets, which may hold spaces.
  const fields = self.slice(self.lastIndexOf(")") + 2).split(" ").map(Number);
  const own = fields.slice(11, 15).reduce((sum, ticks) => sum + ticks);
  return { all: busy + idle + wait, busy, own };
}

/** Returns the share of the time that other processes took, from 0 to 1. */
export function othersShare(before: CpuTime, after: CpuTime): number {
  const busy = after.busy - before.busy;
  const own = after.own - before.own;
  return Math.max(0, busy - own) / (after.all - before.all);
}
