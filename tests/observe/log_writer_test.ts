import { assert, assertEquals } from "@std/assert";
import { LogWriter } from "../../lib/observe/log_writer.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("LogWriter writes lines in order, whatever parts are taken", async () => {
  let written = "";
  const writer = new LogWriter({
    write(bytes) {
      const part = bytes.subarray(0, 5);
      written += text(part);
      return Promise.resolve(part.length);
    },
  });
  for (let i = 0; i < 20; i++) writer.add(`line ${i}\n`);
  await writer.flush(1000);
  const lines = Array.from({ length: 20 }, (_, i) => `line ${i}\n`);
  assertEquals(written, lines.join(""));
});

Deno.test("LogWriter waits for no reader, and says how much it has dropped", async () => {
  let written = "";
  const { promise: read, resolve } = Promise.withResolvers<void>();
  const writer = new LogWriter({
    most: 100,
    async write(bytes) {
      await read;
      written += text(bytes);
      return bytes.length;
    },
  });
  for (let i = 0; i < 50; i++) writer.add(`a line of 20 letters\n`);
  assertEquals(writer.dropped, 46);
  await writer.flush(5); // nothing is read
  assertEquals(written, "");
  resolve();
  await writer.flush(1000);
  assertEquals(written.split("\n").length, 4 + 1 + 1);
  assert(written.includes('{"level":"warn","dropped":46,'));
  assertEquals(writer.dropped, 0);
});

Deno.test("LogWriter survives an output that takes nothing", async () => {
  let full = true;
  let written = "";
  const writer = new LogWriter({
    write(bytes) {
      if (full) return Promise.reject(new Deno.errors.BrokenPipe("gone"));
      written += text(bytes);
      return Promise.resolve(bytes.length);
    },
  });
  writer.add("lost\n");
  await writer.flush(1000);
  full = false;
  writer.add("there\n");
  await writer.flush(1000);
  assert(written.startsWith("there\n"));
  assert(written.includes('"dropped":1,'));
});
