/**
 * The entry that listens by itself: the environment becomes a configuration, and the
 * configuration a running server. It listens before its models are open.
 *
 * @module
 */

import { type Config, parseConfig } from "./lib/config/config.ts";
import { helpText } from "./lib/config/help.ts";
import { say } from "./lib/observe/say.ts";
import { listen, type Listener } from "./routes/listen.ts";
import { orExit, start, thisHost } from "./routes/start.ts";

/** Returns a command that tries the server, ready to be pasted. */
function curlLine(origin: string, model: string): string {
  const body = JSON.stringify({
    model,
    stream: true,
    temperature: 0,
    max_tokens: 100,
    messages: [{ role: "user", content: "Why is the sky blue?" }],
  });
  return `curl -N ${origin}/v1/chat/completions -H 'content-type: application/json' -d '${body}'`;
}

/** Starts a server and prints where it listens. */
export async function serve(config: Config): Promise<void> {
  let server: Listener | undefined = undefined;
  const { ids, fetch, load } = await start(config, () => server);
  server = await listen(fetch, { hostname: config.host, port: config.port });
  load();
  const { hostname, port } = server.addr;
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  const origin = `http://${host}:${port}`;
  say(`Listening on ${origin}; try:\n`);
  say(curlLine(origin, ids[0]));
}

/** Downloads and converts the models, then ends the process. */
async function prepare(config: Config): Promise<never> {
  const { prepareModel } = await import(
    "./lib/engine/loading/prepare_model.ts"
  );
  for (const name of config.models) await prepareModel(name, config);
  Deno.exit(0);
}

/** The only arguments, as settings are environment variables. */
const ARGUMENTS = ["--help", "--prepare"];

if (import.meta.main) {
  const unknown = Deno.args.find((argument) => !ARGUMENTS.includes(argument));
  if (unknown !== undefined) {
    say(
      `Cannot start: arguments must be ${
        ARGUMENTS.join(" or ")
      }, as settings are environment variables such as PORT: received "${unknown}"`,
      console.error,
    );
    Deno.exit(2);
  }
  if (Deno.args.includes("--help")) {
    console.log(helpText());
    Deno.exit(0);
  }
  await orExit(async () => {
    const config = parseConfig(Deno.env.toObject(), thisHost());
    await (Deno.args.includes("--prepare") ? prepare : serve)(config);
  });
}
