/**
 * The models that have a short name, and the resolution of all model names.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { WheelSource } from "./download/pip/pip_source.ts";
import gemma3 from "./gemma-3-270m/model.json" with { type: "json" };
import smollm2 from "./smollm2-135m-instruct/model.json" with { type: "json" };

/** Where a model file can be downloaded. */
export type Source = { url: string } | WheelSource;

/** A model's `model.json`. */
export interface ModelCard {
  id: string;
  title: string;
  /** SPDX identifier, or `LicenseRef-` and a name. */
  license: string;
  /** Digest of the model file, in hex. */
  sha256: string;
  /** Size of the model file. */
  bytes: number;
  /** Best first. */
  sources: Source[];
}

/** A model file on this machine, used in place. */
export interface LocalModel {
  id: string;
  path: string;
}

/** A model file to download. */
export interface RemoteModel {
  id: string;
  /** Name of the file in the cache, unique to its content. */
  file: string;
  /** Digest in hex, if known. */
  sha256?: string;
  bytes?: number;
  sources: Source[];
}

/** A model in a repository of a hub, which knows its file. */
export interface HubModel {
  id: string;
  /** Owner and name. */
  repo: string;
  /** Quantization, such as `"Q4_K_M"`; without it, a usual one. */
  quant?: string;
}

/** The name of a hub's model: `hf:OWNER/NAME` or `hf:OWNER/NAME:QUANTIZATION`. */
const ON_HUB = /^hf:([\w-][\w.-]*\/[\w-][\w.-]*)(?::([\w.-]+))?$/;

/** The models that have a folder here, by id. */
export const REGISTRY: ReadonlyMap<string, ModelCard> = new Map(
  [smollm2, gemma3].map((card: ModelCard) => [card.id, card]),
);

/**
 * Returns the location of the model called `name`.
 *
 * @param name A registry id, a hub's repository, a path that ends in `.gguf`, or an https
 * URL.
 * @throws {TypeError} if `name` is none of these.
 */
export function resolveModel(
  name: string,
): LocalModel | RemoteModel | HubModel {
  const card = REGISTRY.get(name);
  if (card) {
    const { id, sha256, bytes, sources } = card;
    const file = `${id}-${sha256.slice(0, 16)}.gguf`;
    return { id, file, sha256, bytes, sources };
  }
  const onHub = ON_HUB.exec(name);
  if (onHub) {
    const [, repo, quant] = onHub;
    const id = repo.split("/")[1].replace(/-gguf$/i, "");
    return { id, repo, ...(quant !== undefined && { quant }) };
  }
  if (name.startsWith("https://") && URL.canParse(name)) {
    const id = baseName(new URL(name).pathname);
    const digest = createHash("sha256").update(name).digest("hex");
    const file = `${id}-${digest.slice(0, 16)}.gguf`;
    return { id, file, sources: [{ url: name }] };
  }
  if (name.endsWith(".gguf") && !name.includes("://")) {
    return { id: baseName(name), path: name };
  }
  const ids = [...REGISTRY.keys()].join(", ");
  throw new TypeError(
    `Cannot find the model: its name must be one of ${ids}, hf:OWNER/NAME, a path to a .gguf file or an https URL: received "${name}"`,
  );
}

/** Returns the last part of a path without its extension, as a safe file name. */
function baseName(path: string): string {
  const last = path.split(/[/\\]/).at(-1)!.replace(/\.gguf$/, "");
  return last.replaceAll(/[^\w.-]+/g, "-").replace(/^\.+/, "") || "model";
}
