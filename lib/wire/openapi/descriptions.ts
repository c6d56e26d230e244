/**
 * What the parameters of requests mean, by name.
 *
 * @module
 */

/** A sentence for each parameter. */
export const DESCRIPTIONS: Readonly<Record<string, string>> = {
  model: "The name of the model.",
  messages: "The messages of the chat, of which the last is answered.",
  prompt: "A text, an array of token ids, or an array of these.",
  max_tokens: "The most tokens of the answer; -1 is no limit.",
  max_completion_tokens: "The same as `max_tokens`.",
  min_tokens: "Tokens before which the model cannot end the text.",
  ignore_eos: "Whether the model cannot end the text.",
  stop: "Strings that end the text and are no part of it.",
  stop_token_ids: "Tokens that end the text like the model's own end token.",
  n: "The number of answers to each prompt.",
  best_of: "At most `n`, as all answers are returned.",
  logprobs:
    "Whether tokens are scored; for texts, how many likely ones are listed.",
  top_logprobs: "How many likely tokens are listed in the place of each.",
  echo: "Whether the text begins with the prompt.",
  temperature: "How much chance decides; 0 always takes the most likely token.",
  top_p: "Keeps the most likely tokens that have this probability together.",
  top_k: "Keeps so many of the most likely tokens; 0 and -1 keep all.",
  min_p: "Keeps tokens with this share of the probability of the best one.",
  seed: "Equal seeds give equal answers; -1 is a random one.",
  presence_penalty: "Makes tokens that the text has less likely.",
  frequency_penalty:
    "Makes tokens less likely each time that the text has them.",
  repetition_penalty:
    "Makes tokens that the prompt or the text has less likely.",
  logit_bias: "Numbers that are added to the logits of tokens, by id.",
  stream: "Whether the answer is a stream of events.",
  stream_options: "What a stream has besides the text.",
  prediction:
    "The text that you expect. It makes the answer faster, never different.",
  response_format: "The form of the answer: text, JSON, or JSON by a schema.",
  structured_outputs: "The form of the answer, by vLLM's names.",
  prompt_cache_key: "Divides the cache of prompts.",
  prompt_cache_retention: "How long the prompt is cached.",
  cache_salt: "Divides the cache of prompts.",
  draft:
    "Where guesses at the next tokens come from. It never changes the answer.",
  draft_tree: "How many guesses are tried. It never changes the answer.",
  draft_trace:
    "Whether a stream shows each pass, and where its guesses came from.",
  tools: "Functions that the answer may call.",
  tool_choice: "Whether the answer is a call, and of which functions.",
  parallel_tool_calls: "Whether the answer may have several calls.",
  chat_template_kwargs: "Variables of the model's chat template.",
  add_generation_prompt: "Whether the prompt ends where an answer begins.",
  continue_final_message:
    "Whether the answer goes on with the last message, an assistant's.",
  modalities: "The kinds of answers, of which only text is supported.",
  system: "The text before the messages.",
  stop_sequences: "Strings that end the text and are no part of it.",
  cache_control: "How long the prompt is cached.",
  output_config: "The form of the answer: JSON by a schema.",
  output_format: "The same as the `format` of `output_config`.",
  format: "The form of the answer: `json`, or a JSON schema.",
  options: "How tokens are chosen.",
  raw: "Whether the text is continued, rather than answered.",
  name: "The same as `model`.",
  keep_alive: "Ignored, as models stay open.",
  think: "Ignored, as no model thinks apart.",
  input: "The text or the items of the conversation.",
  instructions: "The text before the conversation.",
  previous_response_id: "The response that the conversation continues.",
  store: "Whether the response is kept for a while.",
  max_output_tokens: "The most tokens of the answer.",
  max_tool_calls: "Ignored, as all tools are the client's own.",
  text: "The form of the answer: text, JSON, or JSON by a schema.",
  include: "What the answer has besides its text, such as log probabilities.",
  truncation: "Whether old items are left out if all do not fit.",
  metadata: "Texts that the response repeats.",
  reasoning: "Ignored, as no model thinks apart.",
  user: "Ignored.",
  safety_identifier: "Ignored.",
  content: "The text to tokenize, or an array of texts and token ids.",
  tokens: "The ids of tokens.",
  add_special: "Whether the model's start token comes first.",
  add_special_tokens: "The same as `add_special`.",
  parse_special:
    "Whether control tokens that the text spells out are read as such.",
  with_pieces: "Whether each token comes with its text.",
  return_token_strs: "Whether the texts of the tokens are listed, too.",
};
