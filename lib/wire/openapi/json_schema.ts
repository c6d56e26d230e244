/**
 * From the schemas that validate to JSON schemas of what is sent.
 *
 * @module
 */

import { z } from "zod";

/** A JSON schema of the draft 2020-12. */
export type JsonSchema = Record<string, unknown>;

/** The form of values as they are sent, where a schema itself does not show it. */
const FORMS = z.registry<{ form: (json: JsonSchema) => JsonSchema }>();

/**
 * Notes what a schema takes, where its checks or its preprocessing hide that.
 *
 * @param form makes it of the JSON schema that is visible.
 */
export function sentAs<T extends z.ZodType>(
  schema: T,
  form: (json: JsonSchema) => JsonSchema,
): T {
  FORMS.add(schema, { form });
  return schema;
}

/** Returns the JSON schema of a request's values, which may have unknown properties. */
export function requestSchema(schema: z.ZodType): JsonSchema {
  return convert(schema, "input");
}

/** Returns the JSON schema of an answer, which has no other properties. */
export function answerSchema(schema: z.ZodType): JsonSchema {
  return convert(schema, "output");
}

function convert(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      const known = FORMS.get(zodSchema as unknown as z.ZodType);
      if (known === undefined) return;
      const form = known.form({ ...jsonSchema });
      for (const key of Object.keys(jsonSchema)) {
        delete (jsonSchema as JsonSchema)[key];
      }
      Object.assign(jsonSchema, form);
    },
  });
  return json;
}
