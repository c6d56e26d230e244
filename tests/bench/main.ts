/**
 * `deno task bench NAME`: runs one benchmark and prints its report as Markdown.
 *
 * @module
 */

import type { Benchmark } from "./benchmark.ts";
import { runCommand } from "./command.ts";
import { decode } from "./decode/decode.ts";
import { gpu } from "./gpu/gpu.ts";
import { grammar } from "./decode/grammar.ts";
import { memory } from "./cache/memory.ts";
import { cold } from "./start/cold.ts";
import { long } from "./serve/long.ts";
import { overhead } from "./serve/overhead.ts";
import { passes } from "./decode/passes.ts";
import { plain } from "./decode/plain.ts";
import { prediction } from "./decode/prediction.ts";
import { prefix } from "./cache/prefix.ts";
import { replay } from "./replay/replay.ts";
import { pressure } from "./serve/pressure.ts";
import { serve } from "./serve/serve.ts";
import { sleep } from "./start/sleep.ts";
import { shapes } from "./shapes/shapes.ts";

const BENCHMARKS: Record<string, Benchmark> = {
  passes,
  plain,
  shapes,
  overhead,
  decode,
  replay,
  grammar,
  serve,
  cold,
  sleep,
  long,
  pressure,
  prediction,
  prefix,
  memory,
  gpu,
};

if (import.meta.main) await runCommand(BENCHMARKS, Deno.args);
