/**
 * Runs all tests: first those of pure code, a module a core, beside a short soak; then
 * two groups side by side, since tests that wait for a process or a browser leave half of
 * the machine idle. What the second group prints follows what the first one prints.
 *
 * @module
 */

/** Folders whose tests neither run a real model nor measure time, and the soak. */
const PURE = ["bita", "bench", "soak", "text", "wire"];

/** Folders that take as long as all others; they run the real model most. */
const COMPUTING = ["identity", "runtime", "prefix"];

const folders = (names: string[]) => names.map((name) => `tests/${name}`);

/** Starts tests; their output is inherited, or collected. */
function test(output: "inherit" | "piped", ...options: string[]) {
  return new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--trace-leaks", ...options],
    env: { DENO_JOBS: "3" },
    stdin: "null",
    stdout: output,
    stderr: output,
  });
}

const pure = await test("inherit", "--parallel", ...folders(PURE)).spawn()
  .status;
const others = test(
  "piped",
  `--ignore=${folders([...PURE, ...COMPUTING])}`,
  "tests/",
).output();
const computing = await test("inherit", ...folders(COMPUTING)).spawn().status;
const { success, stdout, stderr } = await others;
await new Blob([stdout, stderr]).stream().pipeTo(Deno.stdout.writable);
Deno.exit(pure.success && computing.success && success ? 0 : 1);
