/**
 * Temporary folders, and disks.
 *
 * @module
 */

/** Creates a folder; leaving its scope removes it. */
export function temporaryFolder() {
  const path = Deno.makeTempDirSync();
  return {
    path,
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}

/** Mounts a small disk, where that is allowed. */
export function smallDisk(mebibytes: number) {
  const folder = temporaryFolder();
  const call = (command: string, ...args: string[]) =>
    new Deno.Command(command, { args: [...args, folder.path] })
      .outputSync().success;
  const mounted = call(
    "mount",
    "-t",
    "tmpfs",
    "-o",
    `size=${mebibytes}m`,
    "tmpfs",
  );
  if (!mounted) console.log("skipped: mounting a tmpfs is not allowed here");
  return {
    path: folder.path,
    mounted,
    [Symbol.dispose]() {
      if (mounted) call("umount", "-l");
      folder[Symbol.dispose]();
    },
  };
}
