/**
 * The log: a line of JSON an event, with counts and times but never a word of what
 * is asked or answered.
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
