#!/usr/bin/env node
/**
 * The command of the npm package: runs `cli.ts` by the Deno that the package brings.
 *
 * npm's own command for Deno waits for it without passing signals on, so that SIGTERM
 * would leave a server behind. This one starts the program itself.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const PERMISSIONS = ["net", "read", "write", "env", "sys", "ffi", "run"];

/** Signals that end a program. A terminal sends SIGINT to all of its processes itself. */
const SIGNALS = [
  "SIGTERM",
  "SIGHUP",
  ...(process.stdin.isTTY ? [] : ["SIGINT"]),
];

/** Milliseconds between two looks at whether npx still runs. */
const PARENT_MS = 250;

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { runInstall } = createRequire(import.meta.url)("deno/install_api.cjs");
const [, , ...args] = process.argv;

const child = spawn(runInstall(), [
  "run",
  "--frozen",
  "--no-prompt",
  `--config=${here("deno.json")}`,
  ...PERMISSIONS.map((name) => `--allow-${name}`),
  here("cli.ts"),
  ...(args.length > 0 ? args : ["serve"]),
], {
  stdio: "inherit",
  env: {
    GLIBC_TUNABLES: "glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1",
    ...process.env,
    DENO_NO_PACKAGE_JSON: "1",
    DENO_NO_UPDATE_CHECK: "1",
  },
});
for (const signal of SIGNALS) process.on(signal, () => child.kill(signal));
if (process.stdin.isTTY) process.on("SIGINT", () => {});
if (process.env.npm_command === "exec") {
  // npx passes signals to a shell, which ends without a word.
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch); // A second signal would end replies that run.
    child.kill("SIGTERM");
  }, PARENT_MS).unref();
}
child.on("error", ({ message }) => {
  console.error(message);
  process.exitCode = 1;
});
child.on("exit", (code, signal) => {
  // As the child ends, so does this process.
  for (const name of ["SIGINT", ...SIGNALS]) process.removeAllListeners(name);
  if (signal) process.kill(process.pid, signal);
  else process.exitCode = code;
});
