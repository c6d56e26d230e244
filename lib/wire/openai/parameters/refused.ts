/**
 * The parameters of other servers that would change the text and are not here. Each is
 * refused by its name, except with the value that asks for nothing.
 *
 * @module
 */

import { unsupported } from "../../fields.ts";

/** The values that ask for nothing, besides `null`, `{}` and `[]`. */
const NEUTRAL = {
  repeat_penalty: [1],
  encoder_repetition_penalty: [1],
  no_repeat_ngram_size: [0],
  length_penalty: [1],
  typical_p: [1],
  typical: [1],
  tfs_z: [1],
  tfs: [1],
  top_a: [0],
  top_n_sigma: [0, -1],
  epsilon_cutoff: [0],
  eta_cutoff: [0],
  smoothing_factor: [0],
  mirostat: [0],
  mirostat_mode: [0],
  dry_multiplier: [0],
  xtc_probability: [0],
  dynatemp_range: [0],
  dynamic_temperature: [false],
  use_beam_search: [false],
  num_beams: [1],
  guided_json: [],
  guided_regex: [""],
  guided_choice: [],
  guided_grammar: [""],
  guided_json_object: [false],
  grammar: [""],
  json_schema: [],
  samplers: [],
  logits_processors: [],
  bad_words: [],
  allowed_token_ids: [],
  n_predict: [-1],
  num_predict: [-1],
  num_ctx: [],
  truncate_prompt_tokens: [],
  prompt_logprobs: [false],
  prompt_embeds: [],
  include_stop_str_in_output: [false],
  skip_special_tokens: [true],
  spaces_between_special_tokens: [true],
  lora: [],
  lora_request: [],
  chat_template: [""],
  documents: [],
  audio: [],
} satisfies Record<string, unknown[]>;

/** The shape of the refused parameters. */
export const refusedFields = Object.fromEntries(
  Object.entries(NEUTRAL).map((
    [name, values],
  ) => [name, unsupported(...values)]),
);
