/**
 * The image without an engine: a Dockerfile's steps, taken in throw-away roots.
 *
 * @module
 */

import { assert } from "@std/assert";
import { fileURLToPath } from "node:url";
import { inRoot, quote, shell, withMachine } from "./_chroot.ts";
import { parseDockerfile, readVariables, type Stage } from "./_dockerfile.ts";

const HERE = fileURLToPath(new URL("../../", import.meta.url));
const STAGES = parseDockerfile(Deno.readTextFileSync(`${HERE}Dockerfile`));
const CONTEXT = Deno.readTextFileSync(`${HERE}.dockerignore`).split("\n");

/** What an engine sets for its steps, and what makes Deno trust as others do. */
const STEP_ENV = { HOME: "/root", DENO_TLS_CA_STORE: "system" };

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What a stage has come to. */
export interface Image {
  root: string;
  env: Record<string, string>;
  user: string;
  workdir: string;
  entrypoint: string[];
  healthcheck: string[];
}

/** Builds stages below a folder, each once. */
export class ImageBuilder {
  readonly #folder: string;
  readonly #built = new Map<Stage, Promise<Image>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Builds the stage of a name, and before it those that it takes from. */
  async build(name: string): Promise<Image> {
    const stage = STAGES.find((stage) => stage.name === name)!;
    const known = this.#built.get(stage) ?? this.#build(stage);
    this.#built.set(stage, known);
    return await known;
  }

  async #build({ base, name, steps }: Stage): Promise<Image> {
    const root = `${this.#folder}/${name || "final"}`;
    const image = await this.#begin(base, root);
    const args: Record<string, string> = {};
    for (const { name, rest } of steps) {
      const known = { ...args, ...image.env };
      if (name === "ARG") Object.assign(args, readVariables(rest, known));
      if (name === "ENV") Object.assign(image.env, readVariables(rest, known));
      if (name === "USER") image.user = rest;
      if (name === "WORKDIR") {
        image.workdir = rest;
        await Deno.mkdir(root + rest, { recursive: true });
      }
      if (name === "ENTRYPOINT") image.entrypoint = JSON.parse(rest);
      if (name === "HEALTHCHECK") {
        image.healthcheck = JSON.parse(rest.slice(rest.indexOf("[")));
      }
      if (name === "COPY") await this.#copy(rest, image);
      if (name !== "RUN") continue;
      const command = ["sh", "-c", `cd ${image.workdir} && ${rest}`];
      const env = { ...STEP_ENV, ...known };
      await shell(`${withMachine(root)}
        ${inRoot(root, { ...image, env, command })}`);
    }
    return image;
  }

  /** Copies what a stage starts from, or bootstraps it. */
  async #begin(base: string, root: string): Promise<Image> {
    const start = {
      root,
      env: { PATH },
      user: "0",
      workdir: "/",
      entrypoint: [],
      healthcheck: [],
    };
    if (base.startsWith("denoland/deno:bin-")) {
      assert(base.endsWith(`-${Deno.version.deno}`), base);
      await Deno.mkdir(root);
      await Deno.copyFile(Deno.execPath(), `${root}/deno`);
      return start;
    }
    if (base === "debian:13-slim") {
      const debian = `${this.#folder}/debian`;
      await shell(`[ -d ${debian} ] || debootstrap --variant=minbase \\
        trixie ${debian} && cp -a ${debian} ${root} && \\
        echo force-unsafe-io > ${root}/etc/dpkg/dpkg.cfg.d/docker && \\
        cp -L /etc/resolv.conf ${root}/etc/`);
      return start;
    }
    const image = await this.build(base);
    await shell(`cp -al ${image.root} ${root}`);
    return { ...image, root, env: { ...image.env } };
  }

  /** Copies what is named, from a stage or from what the engine may see. */
  async #copy(rest: string, { root, workdir }: Image): Promise<void> {
    const words = rest.split(" ");
    const [, from] = /^--from=(.+)$/.exec(words[0]) ?? [];
    const target = words.pop()!;
    const to = `${root}/${target.startsWith("/") ? "" : workdir}/${target}`;
    const names = words.slice(from ? 1 : 0);
    if (!from) {
      for (const it of names) {
        assert(CONTEXT.includes(`!${it}`), it);
      }
    }
    const source = from ? `${(await this.build(from)).root}/` : HERE;
    const all = names.map((name) => quote(source + name)).join(" ");
    const links = from ? "-l" : "";
    const flat = names.length === 1 ? "-T" : "";
    await shell(`cp -a ${links} ${flat} ${all} ${to}`);
  }
}
