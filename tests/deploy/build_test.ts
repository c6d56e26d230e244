/**
 * The Dockerfile's steps, from bootstrapping Debian to a server that answers: what an
 * engine would do, where there is none. It takes minutes.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { MODEL } from "../server/_client.ts";
import { canMakeRoots, inRoot, shell, withMachine } from "./_chroot.ts";
import { type Image, ImageBuilder } from "./_image.ts";

const QUESTION = JSON.stringify({
  model: MODEL,
  prompt: "The capital of France is",
  temperature: 0,
  max_tokens: 1,
});

/** Asks the server for a word and prints it. */
const ASK =
  `const answer = await fetch("http://127.0.0.1:8000/v1/completions", {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: ${JSON.stringify(QUESTION)},
});
console.log((await answer.json()).choices[0].text);`;

/** Writes the words that run a command in an image, as its user. */
function within(
  { root, env, user, workdir }: Image,
  command: string[],
): string {
  const there = ["env", `--chdir=${workdir}`, ...command];
  return inRoot(root, {
    user,
    env: { ...env, API_KEYS: "none" },
    command: there,
  });
}

/** Runs a script where an image is read-only, but for its volume and `/tmp`. */
async function run({ root, user }: Image, script: string): Promise<string> {
  return await shell(
    `ip link set lo up
    mount --bind ${root} ${root}
    mount -o remount,bind,ro ${root}
    ${withMachine(root)}
    mount -t tmpfs tmpfs ${root}/tmp
    mount -t tmpfs -o uid=${user} tmpfs ${root}/data
    ${script}`,
    { net: false },
  );
}

Deno.test({
  name: "the Dockerfile's steps make images that run, without a network",
  ignore: !canMakeRoots(),
  async fn(t) {
    const folder = await Deno.makeTempDir();
    const builder = new ImageBuilder(folder);

    await t.step(
      "the one for CPUs is healthy, answers, and leaves",
      async () => {
        const image = await builder.build("");
        const said = await run(
          image,
          `${within(image, image.entrypoint)} > /dev/null &
        for try in $(seq 120); do
          sleep 1
          ! ${within(image, image.healthcheck)} 2> /dev/null || break
        done
        ${within(image, ["deno", "eval", "--no-config", ASK])}
        kill -TERM $!
        wait $!`,
        );
        assertEquals(said, " Paris\n");
      },
    );

    await t.step(
      "the one for GPUs says what it lacks without one",
      async () => {
        const image = await builder.build("gpu");
        const said = await run(
          image,
          `${within(image, ["ldconfig", "-p"])}
        ! timeout 60 ${within(image, image.entrypoint)} 2>&1`,
        );
        for (const library of ["libvulkan.so.1", "libEGL.so.1"]) {
          assertStringIncludes(said, `\t${library} `);
        }
        assertStringIncludes(
          said,
          "\nCannot open webgpu: a GPU adapter is required: received none\n",
        );
      },
    );
    await Deno.remove(folder, { recursive: true });
  },
});
