/**
 * Writes the server's OpenAPI document as a page.
 *
 * @module
 */

import { describe, nameOf } from "./schema_text.js";

const main = document.querySelector("main");
const state = document.querySelector("#state");

try {
  const response = await fetch("openapi.json");
  show(await response.json());
  state.remove();
} catch (error) {
  state.textContent = `The document can't be read: ${error.message}`;
}

/**
 * Creates an element with children. Strings become text nodes.
 *
 * @param {string} name
 * @param {...(Node | string)} children
 */
function element(name, ...children) {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}

/** Shows all operations by tag, and then the schemas. */
function show({ info, paths, components: { schemas } }) {
  main.append(element("p", info.description));
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...{ path, method },
      ...operation,
    }))
  );
  const byTag = Map.groupBy(operations, ({ tags: [tag] }) => tag);
  for (const [tag, tagged] of byTag) {
    main.append(
      element("h2", tag),
      ...tagged.map((operation) => toDetails(operation, schemas)),
    );
  }
  main.append(element("h2", "Schemas"));
  for (const [name, schema] of Object.entries(schemas)) {
    const details = element("details", element("summary", code(name)));
    details.id = name;
    details.append(...fieldsOf(schema));
    main.append(details);
  }
  addEventListener("hashchange", openTarget);
  openTarget();
}

/** Opens the schema that the address names. */
function openTarget() {
  const target = document.getElementById(location.hash.slice(1));
  if (target) target.open = true;
  target?.scrollIntoView();
}

function toDetails(operation, schemas) {
  const { method, path, summary, parameters = [], security } = operation;
  const details = element(
    "details",
    element("summary", code(`${method.toUpperCase()} ${path}`), ` ${summary}.`),
  );
  if (security.length > 0) {
    const note = "It needs a key, as a bearer token or as x-api-key.";
    details.append(element("p", note));
  }
  if (parameters.length > 0) {
    const terms = parameters.map(({ name, in: place, description }) =>
      term(`${name} (${place})`, description)
    );
    details.append(element("h3", "Parameters"), list(terms));
  }
  const body = operation.requestBody?.content["application/json"].schema;
  if (body) {
    details.append(element("h3", "Body"), ...fieldsOf(schemas[nameOf(body)]));
  }
  const answers = Object.entries(operation.responses).map(
    ([status, { description, content }]) =>
      term(status, description, ...Object.entries(content).map(typeOf)),
  );
  details.append(element("h3", "Answers"), list(answers));
  return details;
}

/** Lists the fields of a schema of objects. */
function fieldsOf({ properties = {}, required = [] }) {
  const fields = Object.entries(properties);
  const served = fields.filter(([, field]) => !field.deprecated);
  const refused = fields.filter(([, field]) => field.deprecated);
  const terms = served.map(([name, field]) =>
    term(
      `${name}${required.includes(name) ? " (required)" : ""}`,
      field.description ?? "",
      element("div", code(describe(field))),
    )
  );
  if (refused.length === 0) return [list(terms)];
  const names = refused.map(([name]) => name).join(", ");
  return [list(terms), element("p", "Not supported: ", code(names))];
}

function typeOf([mediaType, { schema }]) {
  const named = schema.contentSchema ?? schema;
  if (!named.$ref) return element("div", code(mediaType));
  const link = element("a", nameOf(named));
  link.href = `#${nameOf(named)}`;
  return element("div", code(mediaType), " ", link);
}

function term(name, ...about) {
  return [element("dt", code(name)), element("dd", ...about)];
}

function list(terms) {
  return element("dl", ...terms.flat());
}

function code(text) {
  return element("code", text);
}
