/**
 * `deno task soak`: works for minutes or hours, and writes down whether the server has
 * stayed the same. It ends with 1 if it hasn't.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { judge, type Sample } from "./judge.ts";
import { picture, verdict } from "./report.ts";
import type { Leak } from "./server.ts";
import { soak } from "./soak.ts";

const HELP = `deno task soak [options]
  --minutes   minutes of mixed work [120]
  --every     seconds between two samples [60]
  --share     processor time to take, in parts of one core's [1]
  --kv-every  seconds between two ends of the KV [300]
  --leak      what to leak on purpose: memory, descriptors or both [none]
  --out       folder for samples.jsonl, soak.svg and verdict.txt [soak]`;

const { values } = parseArgs({
  args: Deno.args,
  options: {
    help: { type: "boolean", default: false },
    minutes: { type: "string", default: "120" },
    every: { type: "string", default: "60" },
    share: { type: "string", default: "1" },
    "kv-every": { type: "string", default: "300" },
    leak: { type: "string", default: "" },
    out: { type: "string", default: "soak" },
  },
});

async function main(): Promise<number> {
  const { minutes, leak, out } = values;
  await Deno.mkdir(out, { recursive: true });
  const samples: Sample[] = [];
  await Deno.writeTextFile(`${out}/samples.jsonl`, "");
  await soak({
    seconds: Number(minutes) * 60,
    every: Number(values.every),
    share: Number(values.share),
    kvEvery: Number(values["kv-every"]),
    leak: leak as Leak,
    onSample(sample) {
      samples.push(sample);
      const line = `${JSON.stringify(sample)}\n`;
      Deno.writeTextFileSync(`${out}/samples.jsonl`, line, { append: true });
      console.log(line.trim());
      const drawn = picture(`Soak of ${minutes} minutes`, samples);
      Deno.writeTextFileSync(`${out}/soak.svg`, drawn);
    },
  });
  const findings = judge(samples);
  const lines = verdict(findings).join("\n");
  await Deno.writeTextFile(`${out}/verdict.txt`, `${lines}\n`);
  console.log(lines);
  return findings.every(({ isRight }) => isRight) ? 0 : 1;
}

if (values.help) console.log(HELP);
else Deno.exit(await main());
