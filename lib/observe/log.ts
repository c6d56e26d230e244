/**
 * The log: one line of JSON for each event, with counts and times, and without a word of
 * a prompt or an answer.
 *
 * @module
 */

import { type Logger, pino, stdTimeFunctions } from "pino";
import type { Config } from "../config/config.ts";

/** Where lines go and which. */
export interface LogOptions {
  level: Config["logLevel"];
  /** Takes a line with its end. */
  write: (line: string) => void;
}

/** Makes a log of lines such as `{"level":"info","time":"2026-…","msg":"…"}`. */
export function createLog({ level, write }: LogOptions): Logger {
  return pino({
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  }, { write });
}
