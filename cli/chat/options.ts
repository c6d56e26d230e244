/**
 * The options of `chat`.
 *
 * @module
 */

import { type Command, InvalidArgumentError } from "commander";
import { addSettings, STORAGE } from "../setting_options.ts";

/** What may be set for a chat, besides settings. */
export interface ChatOptions {
  /** Origin of a running server. */
  url?: string;
  system?: string;
  maxTokens?: number;
  temperature?: number;
  seed?: number;
  draft?: string;
}

/** Adds the options of a chat to a command. */
export function addChatOptions(command: Command): Command {
  command
    .option("--url <url>", "talk to a running server; its key is API_KEY")
    .option("--system <text>", "system prompt")
    .option("--max-tokens <n>", "most tokens of an answer", number)
    .option("--temperature <n>", "0 is always the most likely token", number)
    .option("--seed <n>", "the same seed, the same answers", number)
    .option("--draft <source>", "where guesses come from; none turns them off");
  return addSettings(command, [...STORAGE, "THREADS", "CONTEXT"]);
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("It must be a number.");
}
