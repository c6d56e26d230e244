import { assertEquals } from "@std/assert";
import { KnownProof } from "../../../lib/worker/opening/known_proof.ts";

Deno.test("KnownProof is known for the same model, threads and context alone", async () => {
  const folder = await Deno.makeTempDir();
  const place = { folder, backend: "cpu", threads: 2 };
  const subject = { fingerprint: "a", context: 64 };
  const proof = new KnownProof(place, subject);
  assertEquals(await proof.isKnown(), false);
  await proof.note();
  assertEquals(await proof.isKnown(), true);
  const others = [
    new KnownProof({ ...place, threads: 3 }, subject),
    new KnownProof(place, { ...subject, context: 65 }),
    new KnownProof(place, { ...subject, fingerprint: "b" }),
  ];
  for (const other of others) assertEquals(await other.isKnown(), false);

  const [{ name }] = Deno.readDirSync(folder);
  const note = await Deno.readTextFile(`${folder}/${name}`);
  const moved = note.replace(/"processor":"/, "$&another ");
  for (const damaged of ["", note.slice(0, -1), moved]) {
    await Deno.writeTextFile(`${folder}/${name}`, damaged);
    assertEquals(await proof.isKnown(), false, damaged);
  }
  await proof.note();
  await proof.forget();
  assertEquals(await proof.isKnown(), false);
  await proof.forget();
  await Deno.remove(folder, { recursive: true });
});
