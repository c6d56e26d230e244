/**
 * `chat`: a conversation in the terminal, with a running server or with a model that this
 * process opens.
 *
 * @module
 */

import type { OptionValues } from "commander";
import type { Timings } from "../../lib/engine/output_counter.ts";
import { createService } from "../../routes/service.ts";
import { offlineConfig } from "../setting_options.ts";
import { Conversation, type Fetch, refusalOf } from "./conversation.ts";
import type { ChatOptions } from "./options.ts";
import { openTerminal, type Terminal } from "./terminal.ts";

const HELP = "/new starts anew, /bye or Ctrl-D leaves, Ctrl-C ends an answer.";

/** Talks to a model until the input ends. */
export async function chat(
  model: string | undefined,
  options: OptionValues & ChatOptions,
): Promise<void> {
  const terminal = openTerminal();
  const { origin, fetch, close } = options.url === undefined
    ? openService(model, options, terminal)
    : {
      origin: options.url.replace(/\/(v1\/?)?$/, ""),
      fetch: globalThis.fetch,
      close: () => Deno.exit(0),
    };
  const apiKey = Deno.env.get("API_KEY");
  const conversation = new Conversation({
    fetch,
    origin,
    ...(apiKey && { apiKey }),
    ...(options.system && { system: options.system }),
    parameters: {
      model: (options.url && model) || await firstModel(origin, fetch, apiKey),
      max_tokens: options.maxTokens,
      temperature: options.temperature,
      seed: options.seed,
      draft: options.draft,
    },
  });
  if (Deno.stdin.isTerminal()) terminal.note(HELP);
  await talk(conversation, terminal);
  close();
}

/** Answers lines, one after the other. */
export async function talk(
  conversation: Conversation,
  terminal: Terminal,
): Promise<void> {
  const leave = () => terminal.leave();
  terminal.onInterrupt(leave);
  for await (const line of terminal.lines()) {
    if (line.trim() === "/bye") return;
    if (line.trim() === "/help") terminal.note(HELP);
    else if (line.trim() === "/new") conversation.restart();
    else if (line.trim()) {
      await answer(conversation, line, terminal)
        .catch(({ message }) => terminal.note(message));
    }
    terminal.onInterrupt(leave);
  }
}

async function answer(
  conversation: Conversation,
  line: string,
  terminal: Terminal,
): Promise<void> {
  const stopped = new AbortController();
  terminal.onInterrupt(() => stopped.abort());
  const pieces = conversation.ask(line, stopped.signal);
  let next = await pieces.next();
  for (; !next.done; next = await pieces.next()) terminal.write(next.value);
  terminal.write("\n");
  if (next.value) terminal.note(figures(next.value));
  else if (stopped.signal.aborted) terminal.note("stopped");
}

/** Describes how fast an answer was. */
function figures(timings: Timings): string {
  const { predicted_n: tokens, passes, predicted_per_second: rate } = timings;
  const perPass = passes > 0 ? `, ${(tokens / passes).toFixed(1)} a pass` : "";
  return `${tokens} tokens${perPass}, ${rate.toFixed(0)} a second`;
}

/** Opens a model in this process, in the background. */
function openService(
  model: string | undefined,
  options: OptionValues,
  terminal: Terminal,
) {
  const config = offlineConfig(options, model === undefined ? [] : [model]);
  const quiet = {
    ...config,
    logLevel: Deno.env.get("LOG_LEVEL") ? config.logLevel : "error" as const,
  };
  const server = { shutdown: () => Promise.resolve() };
  const service = createService(quiet, () => server, {
    tell: (line) => terminal.note(line),
  });
  return {
    origin: "http://localhost",
    fetch: async (request: Request) => await service.fetch(request),
    close: () => service.leave("SIGTERM"),
  };
}

/**
 * Returns the id of the first model that is served.
 *
 * @throws {Error} if no server answers, or with its message if that is an error.
 */
async function firstModel(
  origin: string,
  fetch: Fetch,
  apiKey?: string,
): Promise<string> {
  const request = new Request(`${origin}/v1/models`, {
    headers: apiKey ? { authorization: `Bearer ${apiKey}` } : {},
  });
  const response = await fetch(request).catch(({ message, cause }) => {
    throw new Error(
      `Cannot chat: a server must answer at ${origin}: received ${
        cause?.message ?? message
      }`,
    );
  });
  if (!response.ok) throw await refusalOf(response);
  const { data } = await response.json();
  return data[0].id;
}
