/**
 * Other names of the models, for clients that ask for a model by a name of their own.
 *
 * @module
 */

import { type Setting, type SettingReader, wrongSetting } from "./setting.ts";

/** The setting. */
export const MODEL_ALIASES: Setting = {
  name: "MODEL_ALIASES",
  means:
    "other names of models, as in gpt-4o=smollm2-135m-instruct, with commas; * is any name",
  default: "",
};

/**
 * Reads ids of models by their other names.
 *
 * @throws {TypeError} if an alias has no name or no id.
 */
export function modelAliases({ list }: SettingReader): Map<string, string> {
  return new Map(
    list("MODEL_ALIASES").map((alias) => {
      const [, name, id] = /^([^=]+)=([^=]+)$/.exec(alias) ?? [];
      if (name && id) return [name.trim(), id.trim()];
      throw wrongSetting("MODEL_ALIASES", "names as in a=b", alias);
    }),
  );
}
