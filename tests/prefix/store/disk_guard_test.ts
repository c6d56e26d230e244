import { assert, assertEquals } from "@std/assert";
import { gzipSync } from "node:zlib";
import { DiskGuard, isDiskFull } from "../../../lib/prefix/store/disk_guard.ts";
import { temporaryFolder } from "../_folder.ts";

const files = (path: string) => [...Deno.readDirSync(path)].length;

Deno.test("DiskGuard creates its ballast once, and removes it", async () => {
  using folder = temporaryFolder();
  const guard = new DiskGuard(folder.path, { ballastBytes: 5000 });
  await guard.dropBallast();
  await guard.addBallast();
  await guard.addBallast();
  const ballast = Deno.readFileSync(`${folder.path}/ballast`);
  assertEquals(ballast.length, 5000);
  assert(gzipSync(ballast).length >= 5000, "it takes its room");
  await guard.dropBallast();
  assertEquals(files(folder.path), 0);
});

Deno.test("DiskGuard has no room below its floor, and creates no ballast there", async () => {
  using folder = temporaryFolder();
  assert(new DiskGuard(folder.path, { floorBytes: 1 }).hasRoom());
  const guard = new DiskGuard(folder.path, { floorBytes: 2 ** 60 });
  assert(!guard.hasRoom());
  await guard.addBallast();
  assertEquals(files(folder.path), 0);
  assert(!new DiskGuard(`${folder.path}/gone`).hasRoom());
});

Deno.test("isDiskFull() recognizes the messages of SQLite and of the system", () => {
  assert(isDiskFull(new Error("database or disk is full")));
  assert(isDiskFull(new Error("No space left on device (os error 28)")));
  assert(!isDiskFull(new Error("database is locked")));
});
