/**
 * A limit of memory for child processes, by whatever this machine allows.
 *
 * @module
 */

const V1 = "/sys/fs/cgroup/memory";
const V2 = "/sys/fs/cgroup";

/** A limit; disposing of it removes it. */
export interface MemoryLimit extends Disposable {
  /** Words of a shell that put it under the limit. */
  enter: string;
  /** What limits, in a few words. */
  about: string;
  /** Returns the most bytes that were taken so far, if that is counted. */
  peak(): number | undefined;
}

/** Limits memory by a control group, else by the size of a process's data. */
export function limitMemory(bytes: number): MemoryLimit {
  const name = `bita_${crypto.randomUUID()}`;
  const attempts = [
    () =>
      group(`${V1}/${name}`, {
        limit: "memory.limit_in_bytes",
        tasks: "tasks",
        peak: "memory.max_usage_in_bytes",
      }, bytes),
    () => {
      Deno.writeTextFileSync(`${V2}/cgroup.subtree_control`, "+memory");
      return group(`${V2}/${name}`, {
        limit: "memory.max",
        tasks: "cgroup.procs",
        peak: "memory.peak",
      }, bytes);
    },
  ];
  const reasons: string[] = [];
  for (const attempt of attempts) {
    try {
      return attempt();
    } catch (error) {
      reasons.push((error as Error).message);
    }
  }
  return {
    enter: `ulimit -d ${bytes / 1024};`,
    about: `the size of data, as there are no control groups: ${
      reasons.join("; ")
    }`,
    peak: () => undefined,
    [Symbol.dispose]() {},
  };
}

function group(
  path: string,
  files: { limit: string; tasks: string; peak: string },
  bytes: number,
): MemoryLimit {
  Deno.mkdirSync(path);
  try {
    Deno.writeTextFileSync(`${path}/${files.limit}`, String(bytes));
  } catch (error) {
    Deno.removeSync(path);
    throw error;
  }
  return {
    enter: `echo $$ > ${path}/${files.tasks};`,
    about: `the control group's ${files.limit}`,
    peak: () => Number(Deno.readTextFileSync(`${path}/${files.peak}`)),
    [Symbol.dispose]: () => Deno.removeSync(path),
  };
}
