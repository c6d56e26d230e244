/**
 * Finds schemas that no finite value fits, since each value must contain another. An
 * answer would go on until its limit.
 *
 * @module
 */

type Schema = Record<string, unknown>;

/** Returns whether every value of a schema would contain others without end. */
export function isEndless(schema: unknown): boolean {
  const schemas = schemasIn(schema).reverse(); // the innermost first
  const finite = new Set<unknown>();
  const ends = (value: unknown) => !isObject(value) || finite.has(value);
  // What refers to later ones is found in the next round.
  for (let before = -1; before < finite.size;) {
    before = finite.size;
    for (const one of schemas) {
      if (!finite.has(one) && isFinite(one, schema, ends)) finite.add(one);
    }
  }
  return !ends(schema);
}

/** Returns whether a schema has a finite value, as far as is known of its parts. */
function isFinite(
  schema: Schema,
  root: unknown,
  ends: (value: unknown) => boolean,
): boolean {
  if ("enum" in schema || "const" in schema) return true;
  const { $ref, type, anyOf, oneOf, allOf } = schema;
  if (typeof $ref === "string" && !ends(resolve($ref, root))) return false;
  for (const options of [anyOf, oneOf]) {
    if (Array.isArray(options) && !options.some(ends)) return false;
  }
  if (Array.isArray(allOf) && !allOf.every(ends)) return false;
  const types = Array.isArray(type) ? type : [type];
  return types.some((type) => {
    if (type === "object") return hasFiniteObject(schema, ends);
    return type === "array" ? hasFiniteArray(schema, ends) : true;
  });
}

function hasFiniteObject(
  { required, properties }: Schema,
  ends: (value: unknown) => boolean,
): boolean {
  const needed = Array.isArray(required) ? required : [];
  const known = Object(properties) as Schema;
  return needed.every((name) =>
    !Object.hasOwn(known, name) || ends(known[name])
  );
}

function hasFiniteArray(
  { minItems, prefixItems, items }: Schema,
  ends: (value: unknown) => boolean,
): boolean {
  const least = Number(minItems ?? 0);
  const first = Array.isArray(prefixItems) ? prefixItems : [];
  return first.slice(0, least).every(ends) &&
    (least <= first.length || ends(items));
}

/** Returns what a reference within a schema refers to. */
export function resolve($ref: string, root: unknown): unknown {
  let target = root;
  for (const key of $ref.replace(/^#\/?/, "").split("/").filter(Boolean)) {
    const name = key.replaceAll("~1", "/").replaceAll("~0", "~");
    target = (target as Schema | null | undefined)?.[name];
  }
  return target;
}

/** Lists all objects in a schema, the outermost first. */
function schemasIn(schema: unknown): Schema[] {
  const found: unknown[] = [schema];
  for (const value of found) {
    if (typeof value !== "object" || value === null) continue;
    for (const part of Object.values(value)) found.push(part);
  }
  return found.filter(isObject);
}

function isObject(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
