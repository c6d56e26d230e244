/**
 * The kinds of values that settings have. Each reads a text; its description completes
 * the sentence "… must be …".
 *
 * @module
 */

import { z } from "zod";

/** Bytes by the suffix of a size. */
const UNITS: Record<string, number> = {
  "": 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** Reads a text that the pattern matches; by default, one that is not blank. */
export const text = (rule: string, pattern = /\S/) =>
  z.string().regex(pattern).describe(rule);

/** Reads the beginning of a URL. */
export const address = () =>
  text("an address without a slash at the end", /^https?:.*[^/]$/);

/** Reads an integer of a range. */
export const integer = (least: number, most: number) =>
  z.string().regex(/^\d+$/).transform(Number)
    .pipe(z.number().min(least).max(most))
    .describe(`an integer from ${least} to ${most}`);

/** Reads one of some words. */
export const oneOf = <const T extends readonly string[]>(words: T) =>
  z.enum(words).describe(`one of ${words.join(", ")}`);

/** Reads a size in bytes. */
export const bytes = () =>
  z.string().regex(/^\d+ ?([KMG]iB)?$/)
    .transform((size) =>
      parseInt(size) * UNITS[/[KMG]iB$/.exec(size)?.[0] ?? ""]
    )
    .pipe(z.int().positive())
    .describe("a size such as 512MiB");

/** Reads texts with commas between them, at least one. */
export const list = (rule: string, pattern = /./) =>
  z.string()
    .transform((all) => all.split(",").map((one) => one.trim()).filter(Boolean))
    .pipe(z.array(z.string().regex(pattern)).min(1))
    .describe(rule);

/** An origin, as browsers send it. */
const ORIGIN = /^(\*|[a-z][a-z\d+.-]*:\/\/[^/?#@\sA-Z]+)$/;

/** Reads origins of web pages; `*` is any. */
export const origins = () =>
  list(
    "* or origins with commas, such as https://app.example, without a slash at the end",
    ORIGIN,
  );

/** Reads `name=id` pairs with commas between them. */
export const pairs = (rule: string) =>
  list(rule, /^[^=]+=[^=]+$/)
    .transform((all) =>
      new Map(all.map((pair) => {
        const [name, id] = pair.split("=");
        return [name.trim(), id.trim()];
      }))
    )
    .describe(rule);

/** Reads `word` as undefined, and all else as another kind. */
const unless = <T>(word: string, kind: z.ZodType<T, string>) =>
  z.literal(word).transform(() => undefined).or(kind);

/** Reads `auto` as undefined, and all else as another kind. */
export const auto = <T>(kind: z.ZodType<T, string>) =>
  unless("auto", kind).describe(`auto or ${kind.description}`);

/** Reads `off` as undefined, and all else as another kind. */
export const off = <T>(kind: z.ZodType<T, string>) =>
  unless("off", kind).describe(`off or ${kind.description}`);

/** Reads an empty text as undefined, and all else as another kind. */
export const optional = <T>(kind: z.ZodType<T, string>) =>
  unless("", kind).describe(kind.description!);
