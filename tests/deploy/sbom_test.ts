import { assert, assertEquals, assertMatch } from "@std/assert";
import { sbom } from "../../deploy/sbom.ts";

const ROOT = new URL("../../", import.meta.url);
const read = (name: string) =>
  JSON.parse(Deno.readTextFileSync(new URL(name, ROOT)));

Deno.test("sbom() lists each package of the lock file, with its digest", () => {
  const lock = read("deno.lock");
  const { components } = sbom(lock, "1.0.0");
  assertEquals(components.length, Object.keys(lock.npm).length);
  for (const { purl, hashes: [{ alg, content }] } of components) {
    assertMatch(purl, /^pkg:npm\/(%40[^@/]+\/)?[^@/]+@\d+\.\d+\.\d+/);
    assertEquals([alg, content.length], ["SHA-512", 128]);
  }
  const imported: string[] = Object.values(read("deno.json").imports);
  for (const specifier of imported) {
    const [, named] = /^npm:\/?((?:@[^/]+\/)?[^/]+)/.exec(specifier)!;
    const found = components.some(({ name, version }) =>
      `${name}@${version}` === named
    );
    assert(found, named);
  }
});
