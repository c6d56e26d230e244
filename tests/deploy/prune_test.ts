import { assertEquals } from "@std/assert";
import { prunable } from "../../deploy/build.ts";

Deno.test("prunable() lists the native libraries of other systems, and nothing else", async () => {
  const folder = await Deno.makeTempDir();
  const bin = "registry/onnxruntime-node/1.30.0/bin/napi-v6";
  const systems = ["darwin/arm64", "linux/arm64", "linux/x64", "win32/x64"];
  for (const path of [...systems.map((it) => `${bin}/${it}`), "other/darwin"]) {
    await Deno.mkdir(`${folder}/${path}`, { recursive: true });
  }
  const here = Deno.build.os === "windows" ? "win32" : Deno.build.os;
  const ours = Deno.build.arch === "aarch64" ? "arm64" : "x64";
  const expected = systems
    .filter((it) => it !== `${here}/${ours}`)
    .map((it) => it.startsWith(`${here}/`) ? it : it.split("/")[0]);
  const unique = [...new Set(expected)].sort();
  assertEquals(
    prunable(folder).map((path) => path.slice(`${folder}/${bin}/`.length))
      .sort(),
    unique,
  );
  await Deno.remove(folder, { recursive: true });
});
