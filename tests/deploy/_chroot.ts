/**
 * Throw-away roots: folders that programs take for the whole file system.
 *
 * @module
 */

import { assertEquals } from "@std/assert";

/** What a root needs of this machine. */
const NEEDED = ["debootstrap", "unshare", "chroot", "ip"];

/** Whether this machine lets one make roots; says so aloud if it doesn't. */
export function canMakeRoots(): boolean {
  const script = `command -v ${NEEDED.join(" ")} && unshare --mount --net true`;
  const { success } = new Deno.Command("sh", { args: ["-c", script] })
    .outputSync();
  if (!success) console.log("No throw-away roots here: the image isn't built.");
  return success;
}

/** Runs a script of this machine's shell that must succeed; gives what it said. */
export async function shell(
  script: string,
  options: { net?: boolean } = {},
): Promise<string> {
  const { net = true } = options;
  const { code, stdout, stderr } = await new Deno.Command("unshare", {
    args: [
      ...["--mount", "--pid", "--fork", "--kill-child"],
      ...net ? [] : ["--net"],
      ...["sh", "-euc", script],
    ],
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals(
    code,
    0,
    `${script}\n${text(stdout)}${text(stderr)}`.slice(-4e3),
  );
  return text(stdout);
}

/** Writes the words of a script that runs a command in a root, as a user there. */
export function inRoot(
  root: string,
  { user, env, command }: {
    user: string;
    env: Record<string, string>;
    command: string[];
  },
): string {
  const variables = Object.entries(env).map(([name, it]) => `${name}=${it}`);
  return ["chroot", `--userspec=${user}:${user}`, root, "env", "-i"]
    .concat(variables, command).map(quote).join(" ");
}

/** Writes the words that give a root what this machine has: devices and trust. */
export function withMachine(root: string): string {
  const trusted = "/etc/ssl/certs/ca-certificates.crt";
  return `mount -t proc proc ${root}/proc
    mount --rbind /dev ${root}/dev
    [ ! -e ${root}${trusted} ] || mount --bind ${trusted} ${root}${trusted}`;
}

/** Quotes a word for the shell. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
