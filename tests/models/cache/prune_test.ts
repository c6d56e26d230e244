import { assertEquals } from "@std/assert";
import { CONVERTER_VERSION } from "../../../models/artefact.ts";
import { prunable } from "../../../models/cache/prune.ts";
import { fileDigest } from "../../../models/download/digest.ts";
import { REGISTRY } from "../../../models/registry.ts";

const HOUR = 60 * 60 * 1000;
const [{ id, sha256 }] = REGISTRY.values();
const DEFAULT = sha256.slice(0, 16);
const ADAPTER = (await fileDigest(
  new URL(`../../../models/${id}/bita.safetensors`, import.meta.url),
)).slice(0, 16);
const OTHER = "0123456789abcdef";
const V = `v${CONVERTER_VERSION}`;

Deno.test("prunable() lists what no start of this version opens", async () => {
  const cacheDir = Deno.makeTempDirSync();
  const graphs = {
    [`${DEFAULT}-int8-${V}`]: "of a file outside the cache",
    [`${DEFAULT}-int8-${V}-${ADAPTER}`]: "of a file outside the cache",
    [`${DEFAULT}-int8-${V}-${OTHER}`]: "for another adapter",
    [`${DEFAULT}-int8-v1-${ADAPTER}`]: "of another version",
    [`${OTHER}-int4-b32-${V}`]: "of a file outside the cache",
    [`${OTHER}-fp32-v1.lock`]: undefined,
    [`${OTHER}-fp32-${V}.partial`]: "incomplete",
    "notes": undefined,
  };
  const models = {
    "a.gguf.partial": "incomplete",
    "a.gguf.pip": "incomplete",
    [`a.hub.json.${crypto.randomUUID()}`]: "incomplete",
    "a.gguf.lock": undefined,
  };
  try {
    for (const name of Object.keys(graphs)) {
      await Deno.mkdir(`${cacheDir}/graphs/${name}`, { recursive: true });
    }
    await Deno.mkdir(`${cacheDir}/models`);
    for (const name of Object.keys(models)) {
      await Deno.writeTextFile(`${cacheDir}/models/${name}`, "x");
    }
    const reasons = async (foreign: boolean, now: number) =>
      Object.fromEntries(
        (await prunable({ cacheDir, foreign, now }))
          .map(({ path, reason }) => [path.split("/").at(-1), reason]),
      );
    const expected = (...hidden: string[]) =>
      Object.fromEntries(
        Object.entries({ ...graphs, ...models })
          .filter(([, reason]) => reason && !hidden.includes(reason)),
      );
    const later = Date.now() + 2 * HOUR;
    assertEquals(await reasons(true, later), expected());
    const foreign = "of a file outside the cache";
    assertEquals(await reasons(false, later), expected(foreign));
    const now = Date.now();
    assertEquals(await reasons(false, now), expected(foreign, "incomplete"));
  } finally {
    await Deno.remove(cacheDir, { recursive: true });
  }
});
