/**
 * The commands, their arguments and their options. What a command does is imported when
 * it runs, since most of it is large.
 *
 * @module
 */

import { Argument, Command, type OptionValues } from "commander";
import { addChatOptions } from "./chat/options.ts";
import { CLIENTS } from "./clients.ts";
import type { KeyOptions } from "./key.ts";
import {
  addSettings,
  ALL,
  configOf,
  offlineConfig,
  STORAGE,
} from "./setting_options.ts";

/** The exit code after a command line that can't be understood. */
const MISUSE = 2;

/** Returns the program that reads the command line. */
export function createProgram(version: string): Command {
  const program = new Command("bita")
    .description("Serves small language models over OpenAI's API.")
    .version(version)
    .showHelpAfterError("(--help lists commands and options)")
    .exitOverride(({ exitCode }) => Deno.exit(exitCode && MISUSE));

  addSettings(program.command("serve"), ALL)
    .description("answer requests over HTTP")
    .argument("[model...]", "names of models, instead of MODEL")
    .action(async (models: string[], options: OptionValues) => {
      const { serve } = await import("../main.ts");
      await serve(configOf(options, models));
    });

  addSettings(program.command("pull"), STORAGE)
    .description("download models and convert them")
    .argument("[model...]", "names of models, instead of MODEL")
    .action(async (models: string[], options: OptionValues) => {
      const { pull } = await import("./models.ts");
      await pull(offlineConfig(options, models));
      Deno.exit(0); // What could run a model may have threads.
    });

  const models = addSettings(program.command("models"), ["CACHE_DIR"])
    .description("list the models on this machine")
    .action(async (options: OptionValues) => {
      const { list } = await import("./models.ts");
      await list(offlineConfig(options));
    });
  models.command("prune")
    .description("remove graphs that no model here needs, and incomplete files")
    .option("--yes", "do not ask")
    .option("--all", "also graphs of files outside the cache")
    .action(async (options: OptionValues) => {
      const { prune } = await import("./models.ts");
      await prune(offlineConfig(models.opts()), options);
    });
  models.command("remove")
    .description("remove downloaded models and their graphs")
    .argument("<model...>", "names as `models` lists them")
    .option("--yes", "do not ask")
    .action(async (names: string[], options: OptionValues) => {
      const { remove } = await import("./models.ts");
      await remove(names, offlineConfig(models.opts()), options);
    });

  addChatOptions(program.command("chat"))
    .description("talk to a model in the terminal")
    .argument("[model]", "name of the model")
    .action(async (model: string | undefined, options: OptionValues) => {
      const { chat } = await import("./chat/chat.ts");
      await chat(model, options);
    });

  program.command("key")
    .description("make an API key, and its line for API_KEYS_FILE")
    .argument("<name>", "whose it is")
    .option("--requests <most>", "requests a minute, or none for no limit")
    .option("--tokens <most>", "tokens a minute, or none for no limit")
    .action(async (name: string, options: KeyOptions) => {
      const { key } = await import("./key.ts");
      key(name, options);
    });

  program.command("launch")
    .description("print the settings that a client needs")
    .addArgument(
      new Argument("<client>", "the client").choices([...CLIENTS.keys()]),
    )
    .option("--url <url>", "where the server is", "http://127.0.0.1:8000")
    .option("--model <id>", "id of the model", "smollm2-135m-instruct")
    .action((client: string, options: { url: string; model: string }) => {
      console.log(CLIENTS.get(client)!(options));
    });

  for (
    const [name, script, about] of [
      ["tune", "models/tune/tune.ts", "train an adapter"],
      ["bench", "tests/bench/main.ts", "measure this machine"],
    ]
  ) {
    program.command(name)
      .description(`${about}; --help lists what it can do`)
      .argument("[args...]")
      .allowUnknownOption().helpOption(false)
      .action(async (args: string[]) => {
        Deno.exit(await runScript(script, args));
      });
  }
  return program;
}

/**
 * Runs a program of this repository with all arguments; resolves to its exit code.
 *
 * @throws {Deno.errors.NotFound} if an installed package does not have it.
 */
async function runScript(
  script: string,
  args: string[],
): Promise<number> {
  const path = new URL(`../${script}`, import.meta.url);
  if (!await Deno.stat(path).then(() => true, () => false)) {
    throw new Deno.errors.NotFound(
      `Cannot run ${script}: a clone of the repository is required: received an installed package`,
    );
  }
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", path.href, ...args],
  }).spawn();
  // The terminal sends the child SIGINT itself.
  Deno.addSignalListener("SIGINT", () => {});
  Deno.addSignalListener("SIGTERM", () => child.kill("SIGTERM"));
  return (await child.status).code;
}
