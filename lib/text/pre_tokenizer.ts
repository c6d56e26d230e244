/**
 * How text is split into words before byte-pair encoding. A model file names its
 * pre-tokenizer. The regular expressions are from the models' `tokenizer.json`, and
 * those of "default" from llama.cpp.
 *
 * @module
 */

const GPT2 = String
  .raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

const DIGIT = String.raw`\p{N}`;

/** Returns the expression of the GPT-4 family, with `digits` for a group of digits. */
function gpt4(digits: string): string {
  return String
    .raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|${digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;
}

/** Endings such as 's, in both cases, of words as GPT-4o splits them. */
const ENDING = String
  .raw`(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?`;

const UPPER = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`;
const LOWER = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`;

/** Splits words where small letters are followed by capitals. */
const GPT4O = String
  .raw`[^\r\n\p{L}\p{N}]?${UPPER}*${LOWER}+${ENDING}|[^\r\n\p{L}\p{N}]?${UPPER}+${LOWER}*${ENDING}|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

/** How one family of models splits text. */
export interface PreTokenizer {
  /** Expressions that match words. Each one splits the pieces of the one before. */
  cuts: string[];
  /** Whether text is first normalised to Unicode's composed form (NFC). */
  compose?: boolean;
  /** Whether a word that is a token skips the merges. */
  ignoreMerges?: boolean;
}

const FAMILIES: Record<string, PreTokenizer> = {
  gpt2: { cuts: [GPT2] },
  starcoder: { cuts: [DIGIT, GPT2] },
  llama3: { cuts: [gpt4(String.raw`\p{N}{1,3}`)], ignoreMerges: true },
  smaug: { cuts: [gpt4(String.raw`\p{N}{1,3}`)] },
  qwen2: { cuts: [gpt4(DIGIT)], compose: true },
  gpt4o: { cuts: [GPT4O] },
  falcon: {
    cuts: [
      "[\\p{P}\\$\\+<=>\\^~\\|`]+",
      GPT2,
      "[0-9][0-9][0-9]",
    ],
  },
  default: {
    cuts: [
      String.raw`[\p{P}\$\+<=>\^~\|]+`,
      GPT2,
      String.raw`\p{N}+`,
      "[0-9][0-9][0-9]",
    ],
  },
};

/** Names of each family in `tokenizer.ggml.pre`, as llama.cpp takes them. */
const NAMES: Record<keyof typeof FAMILIES, string[]> = {
  default: ["default"],
  gpt2: ["gpt-2", "jina-v2-code", "mpt", "olmo", "phi-2"],
  starcoder: ["codeshell", "exaone", "refact", "smollm", "starcoder"],
  llama3: ["llama-bpe", "falcon3", "llama-v3", "llama3", "pixtral"],
  smaug: ["smaug-bpe", "dbrx"],
  gpt4o: ["gpt-4o", "llama4"],
  falcon: ["falcon"],
  qwen2: ["qwen2", "deepseek-r1-qwen", "megrez", "stablelm2"],
};

const KNOWN = new Map(
  Object.entries(NAMES).flatMap(([family, names]) =>
    names.map((name) => [name, FAMILIES[family]] as const)
  ),
);

/** Returns whether texts begin with the start token unless the file denies it. */
export function startsWithToken(name: string): boolean {
  return NAMES.llama3.includes(name);
}

/**
 * Returns the pre-tokenizer with the name in a model file's `tokenizer.ggml.pre`.
 *
 * @throws {TypeError} if the name is unknown.
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
