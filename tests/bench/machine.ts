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

/** Clock ticks of all processors since the system started. */
export interface CpuTime {
  /** Whatever happened in them. */
  all: number;
  /** Something ran, in this system or, stolen from it, in another. */
  busy: number;
  /** This process ran, or a child that has ended. */
  own: number;
}

/** Reads the processors' time; `undefined` where the system is not Linux. */
export async function cpuTime(): Promise<CpuTime | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  return parseCpuTime({
    system: await Deno.readTextFile("/proc/stat"),
    self: await Deno.readTextFile("/proc/self/stat"),
  });
}

/** Reads `/proc/stat` and a process's `stat`, as proc(5) has them. */
export function parseCpuTime(
  { system, self }: { system: string; self: string },
): CpuTime {
  const [user, nice, kernel, idle, wait, irq, softirq, steal] = system
    .split("\n")[0].trim().split(/\s+/).slice(1).map(Number);
  const busy = user + nice + kernel + irq + softirq + steal;
  // A name in brackets, which may hold spaces, comes before these.
  const fields = self.slice(self.lastIndexOf(")") + 2).split(" ").map(Number);
  const own = fields.slice(11, 15).reduce((sum, ticks) => sum + ticks);
  return { all: busy + idle + wait, busy, own };
}

/** Gives the share of the time between, from 0 to 1, that others took. */
export function othersShare(before: CpuTime, after: CpuTime): number {
  const busy = after.busy - before.busy;
  const own = after.own - before.own;
  return Math.max(0, busy - own) / (after.all - before.all);
}
