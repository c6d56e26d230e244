/**
 * Opens what generates text with a model: an engine, and the threads for long texts.
 *
 * This module imports most of the program, so it is imported while a worker opens the
 * model.
 *
 * @module
 */

import { describeFile } from "../../../models/model_file.ts";
import { GrammarCheck } from "../../grammar/grammar_check.ts";
import { toolFormatOf } from "../../tools/tool_format.ts";
import type { Supervisor } from "../../worker/supervisor.ts";
import { createEngine } from "../engine.ts";
import type { Engine, ModelInfo } from "../generation.ts";
import { isSmallContainer } from "../../runtime/host/memory.ts";
import { TextThread } from "../text_thread.ts";
import type { LoadedModel } from "./load_model.ts";
import type { PreparedModel } from "./prepare_model.ts";

/** What generates text with a model; disposing of it ends the threads for long texts. */
export type OpenEngine = Disposable & { engine: Engine };

/** Opens what generates text with a model, once `decoder` has it open. */
export async function openEngine(
  { id, gguf, artefact, text }: PreparedModel,
  loaded: LoadedModel,
  decoder: Supervisor,
): Promise<OpenEngine> {
  const { message: { backend, threads, context }, ...limits } = loaded;
  const { vocabulary, tokenizer, template } = await text();
  const digest = artefact.digest.slice(0, 8);
  const { config, format: weights } = artefact;
  const file = describeFile(gguf, { config, vocabulary });
  const workers = { path: gguf.path, isKept: !isSmallContainer() };
  function info(): ModelInfo {
    const { exact, sequencesPerPass } = decoder.opened!;
    const fingerprint = `fp_${digest}_${backend}_${weights}_${exact}`;
    return {
      id,
      context,
      backend,
      weights,
      threads,
      exact,
      sequencesPerPass,
      fingerprint,
      file,
    };
  }
  const texts = new TextThread({ tokenizer, template, context }, workers);
  const grammars = new GrammarCheck(tokenizer, workers);
  const engine = createEngine({
    info,
    tokenizer,
    toolFormat: toolFormatOf(vocabulary.chatTemplate),
    texts,
    grammars,
    decoder,
    ...limits,
  });
  return {
    engine,
    [Symbol.dispose]() {
      texts[Symbol.dispose]();
      grammars[Symbol.dispose]();
    },
  };
}
