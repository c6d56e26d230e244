/**
 * The files of a model that `llama-gguf-split` has cut into parts, such as
 * `model-00001-of-00003.gguf`. The first part has the model's metadata.
 *
 * @module
 */

import { INDEX, type Metadata, optionalField } from "./field.ts";

/** The end of a part's name; five digits bound the number of parts. */
const NAME = /-(\d{5})-of-(\d{5})\.gguf$/;

/**
 * Returns the paths of all parts of a model, in order, or `path` if it is whole.
 *
 * @throws {TypeError} if the file is a part but not the first one, or its name does not
 * say where the others are.
 */
export function partPaths(path: string, metadata: Metadata): string[] {
  const count = optionalField(metadata, "split.count", INDEX) ?? 1;
  if (count <= 1) return [path];
  const number = (optionalField(metadata, "split.no", INDEX) ?? 0) + 1;
  const digits = (n: number) => String(n).padStart(5, "0");
  const end = `-${digits(1)}-of-${digits(count)}.gguf`;
  if (number !== 1 || !NAME.test(path) || !path.endsWith(end)) {
    throw refusal(
      `a model in parts must be named by its first part, ${end}, beside the others`,
      `part ${number} of ${count} in ${JSON.stringify(path)}`,
    );
  }
  return Array.from(
    { length: count },
    (_, index) => path.replace(NAME, `-${digits(index + 1)}-of-$2.gguf`),
  );
}

/**
 * Checks that a file is the part that its place needs.
 *
 * @throws {TypeError} if it is another part, or of a model of another number of parts.
 */
export function checkPart(
  metadata: Metadata,
  { path, index, count }: { path: string; index: number; count: number },
): void {
  const number = (optionalField(metadata, "split.no", INDEX) ?? 0) + 1;
  const of = optionalField(metadata, "split.count", INDEX) ?? 1;
  if (number === index + 1 && of === count) return;
  throw refusal(
    `"${path}" must be part ${index + 1} of ${count}`,
    `part ${number} of ${of}`,
  );
}

function refusal(rule: string, received: string): TypeError {
  return new TypeError(
    `Cannot read a GGUF file: ${rule}: received ${received}`,
  );
}
