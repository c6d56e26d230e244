/**
 * The command line as its users run it: a process of its own.
 *
 * @module
 */

import { SETTINGS } from "../../lib/config/settings.ts";

const ROOT = new URL("../../", import.meta.url);

/** How a process has ended. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Builds a command with the settings in `env` and no others. */
export function bita(
  args: string[],
  env: Record<string, string> = {},
  stdin: "null" | "piped" = "null",
): Deno.Command {
  const unset = Object.keys(SETTINGS).map((name) => [name, ""]);
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "cli.ts", ...args],
    cwd: ROOT,
    env: { ...Object.fromEntries(unset), NO_COLOR: "1", ...env },
    stdin,
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs a command to its end. */
export async function ended(
  args: string[],
  env?: Record<string, string>,
): Promise<Ended> {
  const { code, stdout, stderr } = await bita(args, env).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}
