/**
 * A Dockerfile as its stages: as much of the language as this project's files use.
 *
 * @module
 */

/** One instruction; its arguments are as the file has them. */
export interface Instruction {
  name: string;
  rest: string;
}

/** What one `FROM` begins. */
export interface Stage {
  base: string;
  /** What `AS` calls it; the last one may have no name. */
  name: string;
  steps: Instruction[];
}

/** Reads the stages of a Dockerfile, in its order. */
export function parseDockerfile(text: string): Stage[] {
  const stages: Stage[] = [];
  const lines = text.replaceAll(/^\s*#.*\n/gm, "").replaceAll(/\\\n\s*/g, " ");
  for (const line of lines.split("\n").filter((line) => line.trim())) {
    const [, name, rest] = /^([A-Z]+)\s+(.*)$/.exec(line)!;
    if (name !== "FROM") {
      stages.at(-1)!.steps.push({ name, rest });
      continue;
    }
    const [base, , alias = ""] = rest.split(" ");
    stages.push({ base, name: alias, steps: [] });
  }
  return stages;
}

/** Reads `NAME=value NAME=value`, with `$NAME` for what is known already. */
export function readVariables(
  rest: string,
  known: Record<string, string>,
): Record<string, string> {
  const pairs = rest.split(/\s+/).map((pair) => {
    const [name, ...value] = pair.split("=");
    return [
      name,
      value.join("=").replaceAll(/\$(\w+)/g, (_, other) => known[other]),
    ];
  });
  return Object.fromEntries(pairs);
}
