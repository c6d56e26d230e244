/**
 * What is reported of models while they are served.
 *
 * @module
 */

import type { OpenedModel } from "../../worker/messages.ts";
import type { LoadedModel } from "./load_model.ts";

/** What takes the reports of models. */
export interface ModelReports {
  /** Called each time that a model has been opened, with how it runs. */
  onOpened: (about: string) => void;
  /** Called with what is worth a line in the log. */
  onWarning: (id: string, message: string) => void;
  /** Called with each failure after which the model is opened again. */
  onFailure: (id: string, error: Error) => void;
  /** Called when a model has failed too often, and so have all others. */
  onGivenUp: (id: string, error: Error) => void;
}

/** Writes how a model runs that has been opened. */
export function aboutOpened(
  id: string,
  { message, budget }: LoadedModel,
  { passMs, prefix, exact }: OpenedModel,
): string {
  const { context, backend, threads, artefact: { format } } = message;
  const pass = `${passMs.toFixed(1)} ms a pass, ${exact} exact`;
  return `${id}: ${backend}, ${format} weights, ${threads} threads, ` +
    `${context} tokens of context, ${budget.slots} in memory, ` +
    `${pass}; prompt cache: ${prefix}`;
}
