/**
 * How text is cut into words before byte pairs merge, by the name that a model
 * file gives. Regular expressions are those of the models' `tokenizer.json`; where
 * there is none ("default"), those of llama.cpp.
 *
 * @module
 */

const GPT2 = String
  .raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

const DIGIT = String.raw`\p{N}`;

/** The expression of the GPT-4 family, by how many digits go together. */
function gpt4(digits: string): string {
  return String
    .raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|${digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;
}

/** How one family of models prepares text. */
export interface PreTokenizer {
  /** Expressions whose matches are words; each cuts what the one before left. */
  cuts: string[];
  /** Whether text is brought to Unicode's composed form (NFC) first. */
  compose?: boolean;
  /** Whether a word that is a token is taken whole, whatever the merges say. */
  ignoreMerges?: boolean;
}

const FAMILIES: Record<string, PreTokenizer> = {
  gpt2: { cuts: [GPT2] },
  starcoder: { cuts: [DIGIT, GPT2] },
  llama3: { cuts: [gpt4(String.raw`\p{N}{1,3}`)], ignoreMerges: true },
  qwen2: { cuts: [gpt4(DIGIT)], compose: true },
  default: {
    cuts: [
      String.raw`[\p{P}\$\+<=>\^~\|]+`,
      GPT2,
      String.raw`\p{N}+`,
      "[0-9][0-9][0-9]",
    ],
  },
};

const KNOWN = new Map([
  ["default", FAMILIES.default],
  ["gpt-2", FAMILIES.gpt2],
  ["olmo", FAMILIES.gpt2],
  ["phi-2", FAMILIES.gpt2],
  ["smollm", FAMILIES.starcoder],
  ["starcoder", FAMILIES.starcoder],
  ["llama-bpe", FAMILIES.llama3],
  ["qwen2", FAMILIES.qwen2],
]);

/**
 * Finds a pre-tokenizer by the `tokenizer.ggml.pre` of a model file.
 *
 * @throws {TypeError} if the name isn't known.
 */
export function preTokenizer(name: string): PreTokenizer {
  const found = KNOWN.get(name);
  if (found === undefined) {
    throw new TypeError(
      `Cannot build a tokenizer: the pre-tokenizer must be one of ${
        [...KNOWN.keys()].join(", ")
      }: received ${name}`,
    );
  }
  return found;
}
