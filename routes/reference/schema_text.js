/**
 * JSON schemas in a few words.
 *
 * @module
 */

/**
 * Returns the last part of a reference, the name of a schema.
 *
 * @param {{ $ref: string }} schema
 */
export function nameOf({ $ref }) {
  return $ref.slice($ref.lastIndexOf("/") + 1);
}

/**
 * Describes the values that a schema takes.
 *
 * @param {Record<string, any>} schema
 * @returns {string}
 */
export function describe(schema) {
  if (schema.$ref) return nameOf(schema);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return listed(schema.enum.map((v) => JSON.stringify(v)));
  const kinds = schema.anyOf ?? schema.oneOf;
  if (kinds) return listed(kinds.map(describe));
  if (Array.isArray(schema.type)) {
    return listed(schema.type.map((type) => describe({ ...schema, type })));
  }
  if (schema.type === "array") {
    return `array of (${describe(schema.items ?? {})})${bounds(schema)}`;
  }
  if (schema.type === "object") return objectText(schema);
  return `${schema.type ?? "anything"}${bounds(schema)}`;
}

/** @param {string[]} texts */
function listed(texts) {
  return [...new Set(texts)].filter((text) => text !== "null").join(" or ") ||
    "null";
}

/** @param {Record<string, any>} schema */
function objectText({ properties = {}, additionalProperties: other }) {
  const fields = Object.entries(properties)
    .filter(([, field]) => !field.deprecated)
    .map(([name, field]) => `${name}: ${describe(field)}`);
  if (fields.length > 0) return `{ ${fields.join(", ")} }`;
  return other ? `object of (${describe(other)})` : "object";
}

/** @param {Record<string, any>} schema */
function bounds(schema) {
  const low = schema.minimum ?? schema.minItems ?? schema.minLength;
  const high = schema.maximum ?? schema.maxItems ?? schema.maxLength;
  const far = (bound) => !bound || Math.abs(bound) > 2 ** 52;
  if (far(low) && far(high)) return "";
  if (far(high)) return `, at least ${low}`;
  return far(low) ? `, at most ${high}` : `, ${low} to ${high}`;
}
