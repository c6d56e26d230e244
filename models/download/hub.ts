/**
 * Finds a model's file in a repository of the Hugging Face hub, or of a server with the
 * same API: `GET /api/models/OWNER/NAME/tree/main` lists files with their digests.
 *
 * What was found is noted in the cache. Later starts use the same file, and need no hub.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { HubModel, RemoteModel } from "../registry.ts";

/** How to reach a hub. */
export interface Hub {
  /** Address without a slash at the end. */
  endpoint: string;
  /** Opens repositories that want an account. */
  token?: string;
}

/** The hub, without an account. */
export const DEFAULT_HUB: Hub = { endpoint: "https://huggingface.co" };

/** A file of a repository, as the hub lists it. */
interface HubFile {
  type: string;
  path: string;
  size: number;
  /** Absent for small files, which are not stored by digest. */
  lfs?: { oid: string; size: number };
}

/** Quantizations by preference, for a name without one. */
const PREFERRED = ["Q4_K_M", "Q8_0", "Q4_0", "F16"];

/** Files that are parts of a model, or of no language model. */
const UNFIT = /-\d{5}-of-\d{5}\.gguf$|mmproj|imatrix/i;

/** Milliseconds for the hub's answer. */
const PATIENCE_MS = 15_000;

/**
 * Returns where the file of a hub's model is, from the note in `folder` or from the hub.
 *
 * @throws {Error} if the hub does not answer, or has no such file for the caller.
 */
export async function findOnHub(
  model: HubModel,
  { folder, hub }: { folder: string; hub: Hub },
): Promise<RemoteModel> {
  const { id, repo, quant = "" } = model;
  const key = [hub.endpoint, repo, quant.toUpperCase()].join("\n");
  const name = `${id}-${
    createHash("sha256").update(key).digest("hex").slice(0, 16)
  }`;
  const notePath = `${folder}/${name}.hub.json`;
  const noted = await readNote(notePath);
  if (noted) return noted;

  const { path, lfs } = choose(await list(model, hub), model);
  const found: RemoteModel = {
    id,
    file: `${name}.gguf`,
    sha256: lfs.oid,
    bytes: lfs.size,
    sources: [{
      url: `${hub.endpoint}/${repo}/resolve/main/${encodeURI(path)}`,
    }],
  };
  await Deno.mkdir(folder, { recursive: true });
  const temporary = `${notePath}.${crypto.randomUUID()}`;
  await Deno.writeTextFile(temporary, JSON.stringify(found));
  await Deno.rename(temporary, notePath);
  return found;
}

async function list(
  { repo }: HubModel,
  { endpoint, token }: Hub,
): Promise<HubFile[]> {
  const url = `${endpoint}/api/models/${repo}/tree/main?recursive=true`;
  const response = await fetch(url, {
    ...(token && { headers: { authorization: `Bearer ${token}` } }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  }).catch((cause) => {
    throw refusal(repo, `${endpoint} must answer`, cause.message, { cause });
  });
  if (response.ok) return await response.json();
  await response.body?.cancel();
  const rule = [401, 403].includes(response.status)
    ? "it must be open to everyone or to the account of HF_TOKEN"
    : "the repository must exist";
  throw refusal(repo, rule, response.status);
}

/** Returns the file with the quantization that a name asks for, or the preferred one. */
function choose(files: HubFile[], { repo, quant }: HubModel) {
  const fit = files.filter((file): file is HubFile & Required<HubFile> =>
    file.type === "file" && /\.gguf$/i.test(file.path) &&
    !UNFIT.test(file.path) && file.lfs !== undefined
  ).sort((a, b) => a.path.length - b.path.length);
  for (const wanted of quant ? [quant] : PREFERRED) {
    const name = new RegExp(`(^|[-._/])${RegExp.escape(wanted)}\\.gguf$`, "i");
    const found = fit.find(({ path }) => name.test(path));
    if (found) return found;
  }
  if (!quant && fit.length > 0) return fit[0];
  const rule = `it must have a GGUF file of ${quant ?? "any quantization"}`;
  throw refusal(repo, rule, fit.map(({ path }) => path).join(", ") || "none");
}

async function readNote(path: string): Promise<RemoteModel | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function refusal(
  repo: string,
  rule: string,
  received: unknown,
  options?: ErrorOptions,
): Error {
  return new Error(
    `Cannot find hf:${repo}: ${rule}: received ${received}`,
    options,
  );
}
