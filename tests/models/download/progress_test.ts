import { assertEquals, assertStringIncludes } from "@std/assert";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import {
  barProgress,
  lineProgress,
} from "../../../models/download/progress.ts";

/** Returns the lines of a transfer in 100 pieces of `pace` milliseconds each. */
function transfer(pace: number, total?: number): string[] {
  const lines: string[] = [];
  let time = 0;
  const progress = lineProgress((line) => lines.push(line), () => time);
  progress.start("File", { ...(total && { total }), done: 0 });
  for (let i = 0; i < 100; i++) {
    time += pace;
    progress.advance(1e6);
  }
  progress.stop();
  return lines;
}

Deno.test("lineProgress() writes a line for each tenth of a slow transfer", () => {
  const lines = transfer(1000, 100e6);
  assertEquals(lines.length, 11);
  assertEquals(lines[0], "File");
  assertEquals(lines[1], "File: 10.0 MB of 100.0 MB (10 %), 1.0 MB/s");
  assertEquals(lines[10], "File: 100.0 MB of 100.0 MB (100 %), 1.0 MB/s");
});

Deno.test("lineProgress() writes a line every two seconds of a fast transfer", () => {
  assertEquals(transfer(50, 100e6).slice(1), [
    "File: 40.0 MB of 100.0 MB (40 %), 20.0 MB/s",
    "File: 80.0 MB of 100.0 MB (80 %), 20.0 MB/s",
    "File: 100.0 MB of 100.0 MB (100 %), 20.0 MB/s",
  ]);
});

Deno.test("lineProgress() does not need a total", () => {
  assertEquals(transfer(50)[1], "File: 40.0 MB, 20.0 MB/s");
});

Deno.test("lineProgress() excludes resumed bytes from the rate", () => {
  const lines: string[] = [];
  let time = 0;
  const progress = lineProgress((line) => lines.push(line), () => time);
  progress.start("File", { total: 100e6, done: 50e6 });
  time = 1000;
  progress.advance(50e6);
  progress.stop();
  assertEquals(lines, [
    "File: resuming at 50.0 MB",
    "File: 100.0 MB of 100.0 MB (100 %), 50.0 MB/s",
  ]);
});

Deno.test("barProgress() draws bytes, rate and time left", async () => {
  const terminal = Object.assign(new PassThrough(), { isTTY: true });
  let time = 0;
  const progress = barProgress(terminal, () => time);
  progress.start("File", { total: 100e6, done: 20e6 });
  time = 2000;
  progress.advance(30e6);
  progress.stop();
  progress.note("Done");
  terminal.end();
  const drawn = await text(terminal);
  assertStringIncludes(drawn, "File ██████████░░░░░░░░░░ 50.0 MB of 100.0 MB");
  assertStringIncludes(drawn, "15.0 MB/s");
  assertStringIncludes(drawn, "Done\n");
});
