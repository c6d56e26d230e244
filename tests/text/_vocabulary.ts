/**
 * The default model's vocabulary.
 *
 * @module
 */

import {
  ggufVocabulary,
  type Vocabulary,
} from "../../models/gguf/vocabulary.ts";
import { realGguf } from "../real_model.ts";

/** Reads the vocabulary from the model's file. */
export async function readVocabulary(): Promise<Vocabulary> {
  return ggufVocabulary((await realGguf()).metadata);
}
