/**
 * `deno task sbom`: prints the packages of `deno.lock`, with their digests, as a list of
 * materials in CycloneDX's JSON. It names what tests use, too.
 *
 * @module
 */

/** The part of a lock file that is read. */
interface Lock {
  npm: Record<string, { integrity: string; dependencies?: string[] }>;
}

/** Returns the list of materials of a lock file. */
export function sbom({ npm }: Lock, version: string) {
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: { type: "application", name: "bita", version },
    },
    components: Object.entries(npm).map(([key, { integrity }]) => {
      // Such as "@scope/name@1.0.0_peer@2.0.0".
      const [, name, version] = /^(@?[^@]+)@([^_]+)/.exec(key)!;
      const [algorithm, digest] = integrity.split("-");
      const path = name.replace("@", "%40");
      return {
        type: "library",
        "bom-ref": key,
        name,
        version,
        purl: `pkg:npm/${path}@${encodeURIComponent(version)}`,
        hashes: [{
          alg: algorithm.replace("sha", "SHA-"),
          content: Uint8Array.fromBase64(digest).toHex(),
        }],
      };
    }),
  };
}

if (import.meta.main) {
  const read = (name: string) =>
    JSON.parse(
      Deno.readTextFileSync(new URL(`../${name}`, import.meta.url)),
    );
  const { version } = read("deno.json");
  console.log(JSON.stringify(sbom(read("deno.lock"), version), null, 2));
}
