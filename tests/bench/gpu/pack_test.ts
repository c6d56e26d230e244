import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { TextLineStream } from "@std/streams/text-line-stream";
import { findGpu } from "../../runtime/_gpu.ts";
import { pack } from "./pack.ts";
import { problems } from "./report.ts";

const MIB = 2 ** 20;

Deno.test({
  name: "a packed benchmark needs no network, and a second start goes on",
  ignore: !await findGpu(),
  async fn() {
    const folder = await Deno.makeTempDir();
    await pack(folder, { tiny: true });
    const parts = [...Deno.readDirSync(folder)]
      .filter(({ name }) => name.startsWith("part."))
      .map(({ name }) => `${folder}/${name}`);
    assert(parts.length > 1);
    for (const part of parts) assert(Deno.statSync(part).size < 60 * MIB, part);

    const ended = await start(folder);
    for await (const line of ended.lines) if (line === "1/4 passes") break;
    ended.child.kill("SIGKILL");
    await ended.child.status;

    const whole = await start(folder);
    const lines = await Array.fromAsync(whole.lines);
    assert((await whole.child.status).success, lines.join("\n"));
    assert(lines.includes("0/4 finished before: passes"), lines.join("\n"));
    const json = await Deno.readTextFile(`${folder}/report.json`);
    const { machine, results } = JSON.parse(json);
    assertEquals(machine.commit, "0c0ffee");
    assertEquals(problems(results), []);
    assertEquals(results.exact, "bitwise");
    const markdown = await Deno.readTextFile(`${folder}/report.md`);
    assertStringIncludes(markdown, "Greedy passes by rows");

    await Deno.writeTextFile(parts[0], "!", { append: true });
    const damaged = await start(folder);
    const [line] = await Array.fromAsync(damaged.lines);
    assertStringIncludes(line, "computed checksum did NOT match");
    assert(!(await damaged.child.status).success);
    await Deno.remove(folder, { recursive: true });
  },
});

/** Starts it where there is no network, if this machine can do without, and no cache. */
async function start(folder: string) {
  const alone = ["unshare", "--net"];
  const canUnshare = await run([...alone, "true"]).status
    .then(({ success }) => success, () => false);
  const child = run([
    ...canUnshare ? alone : [],
    ...["sh", `${folder}/start.sh`, "--tiny", "--brief"],
  ], { HOME: folder, TMPDIR: folder, BENCH_COMMIT: "0c0ffee" });
  const lines = child.stderr
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  return { child, lines };
}

function run([program, ...args]: string[], env = {}): Deno.ChildProcess {
  return new Deno.Command(program, {
    args,
    env: { PATH: Deno.env.get("PATH")!, ...env },
    clearEnv: true,
    stdout: "null",
    stderr: "piped",
  }).spawn();
}
