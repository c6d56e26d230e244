/** How a token is chosen from the logits. Equal settings give equal text. */
export interface Sampling {
  /** 0 is greedy: the most likely token, the lowest id on a tie. */
  temperature: number;
  /** Keeps the smallest set of tokens whose probability reaches it; 1 keeps all. */
  topP: number;
  /** Keeps the k most likely tokens; 0 keeps all. */
  topK: number;
  /** Keeps tokens at least this fraction as likely as the best; 0 keeps all. */
  minP: number;
  /** Subtracted once from the logit of every token generated so far. */
  presencePenalty: number;
  /** Subtracted from a token's logit for each time that it was generated. */
  frequencyPenalty: number;
  /** Added to logits, by token id. */
  logitBias: ReadonlyMap<number, number>;
  /** Seed of the counter-based generator; an unsigned 32-bit integer. */
  seed: number;
}
