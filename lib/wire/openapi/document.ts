/**
 * The OpenAPI document of the server, made of the schemas that validate.
 *
 * @module
 */

import { failure } from "./answers/resources.ts";
import { DESCRIPTIONS } from "./descriptions.ts";
import { answerSchema, type JsonSchema, requestSchema } from "./json_schema.ts";
import type { Named, Operation, Parameter } from "./operation.ts";
import { OPENAI, TOKENS } from "./operations/openai.ts";
import { OPERATOR, PAGES } from "./operations/operator.ts";
import { ANTHROPIC, OLLAMA } from "./operations/other_apis.ts";

/** The version of the API, which grows when a client would notice. */
const VERSION = "1.0.0";

/** Which keys a server asks for. */
export interface Keys {
  caller: boolean;
  operator: boolean;
}

/** What each error means. */
const ERRORS: Record<number, string> = {
  400: "The request is wrong; `param` names the parameter.",
  401: "The API key is missing or unknown.",
  404: "There is no such model.",
  413: "The body is larger than 1 MiB.",
  415: "The body is compressed in an unknown way, or is no UTF-8.",
  429:
    "Too many requests wait, or the key has reached a limit. `retry-after-ms` is when to try again.",
  500: "The server failed, and its log says why.",
  503:
    "The model is not open in time, or the server is overloaded or shutting down.",
};

const ERROR: Named = { name: "Error", schema: failure };

const BEARER = { caller: "bearer", operator: "operatorBearer" };
const HEADER = { caller: "header", operator: "operatorHeader" };

/** The operations of the server. */
const OPERATIONS = [
  ...OPENAI,
  ...ANTHROPIC,
  ...OLLAMA,
  ...TOKENS,
  ...OPERATOR,
  ...PAGES,
];

/** Writes the document; operations of the operator are there if there is a key for them. */
export function openApi(keys: Keys): Record<string, unknown> {
  const operations = OPERATIONS
    .filter(({ key }) => key !== "operator" || keys.operator);
  const schemas: Record<string, JsonSchema> = {};
  const refer = ({ name, schema }: Named, convert: typeof answerSchema) => {
    schemas[name] ??= convert(schema);
    return { $ref: `#/components/schemas/${name}` };
  };
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of operations) {
    const { method, path, body, key, failure = ERROR } = operation;
    const guarded = key !== "none" && keys[key];
    paths[path] ??= {};
    paths[path][method] = {
      operationId: idOf(operation),
      summary: operation.summary,
      tags: [operation.tag],
      ...operation.parameters && {
        parameters: operation.parameters.map(toParameter),
      },
      ...body && {
        requestBody: {
          required: true,
          content: json(refer(body, describedSchema)),
        },
      },
      responses: {
        200: toAnswer(operation, (named) => refer(named, answerSchema)),
        ...Object.fromEntries(
          Object.entries(operation.also ?? {}).map(([status, named]) => [
            status,
            {
              description: "It can't serve now.",
              content: json(refer(named, answerSchema)),
            },
          ]),
        ),
        ...Object.fromEntries(
          [400, ...guarded ? [401] : [], ...operation.errors].map((status) => [
            status,
            {
              description: ERRORS[status],
              content: json(refer(failure, answerSchema)),
            },
          ]),
        ),
      },
      security: guarded ? [{ [BEARER[key]]: [] }, { [HEADER[key]]: [] }] : [],
    };
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "bita",
      version: VERSION,
      description: "An exact, fast server for small language models. " +
        "`null` is the same as absent, and unknown parameters are ignored.",
    },
    servers: [{ url: "/" }],
    paths,
    components: { schemas, securitySchemes: toSchemes(keys) },
  };
}

/** Converts a body, and describes its fields. */
function describedSchema(schema: Named["schema"]): JsonSchema {
  const { properties = {}, ...rest } = requestSchema(schema);
  return {
    ...rest,
    properties: Object.fromEntries(
      Object.entries(properties as Record<string, JsonSchema>).map((
        [name, field],
      ) => {
        const description = field.deprecated
          ? "Not supported; these values ask for nothing."
          : DESCRIPTIONS[name];
        return [name, description ? { description, ...field } : field];
      }),
    ),
  };
}

function toAnswer(
  { answer, events, lines }: Operation,
  refer: (named: Named) => JsonSchema,
): JsonSchema {
  if ("mediaType" in answer) {
    return {
      description: "The text.",
      content: { [answer.mediaType]: { schema: { type: "string" } } },
    };
  }
  return {
    description: events ? "The answer, whole or as a stream." : "The answer.",
    content: {
      ...json(refer(answer)),
      ...events && {
        [lines ? "application/x-ndjson" : "text/event-stream"]: {
          schema: {
            type: "string",
            description: "Events, of which each has such data.",
            contentMediaType: "application/json",
            contentSchema: refer(events),
          },
        },
      },
    },
  };
}

function json(schema: JsonSchema): Record<string, { schema: JsonSchema }> {
  return { "application/json": { schema } };
}

function toParameter({ name, in: place, description, pattern }: Parameter) {
  return {
    name,
    in: place,
    description,
    required: place === "path",
    schema: { type: "string", ...pattern && { pattern } },
  };
}

function toSchemes(keys: Keys): Record<string, JsonSchema> {
  const names = (["caller", "operator"] as const).filter((key) => keys[key]);
  return Object.fromEntries(names.flatMap((key) => [
    [BEARER[key], { type: "http", scheme: "bearer" }],
    [HEADER[key], { type: "apiKey", in: "header", name: "x-api-key" }],
  ]));
}

/** Returns the name of an operation: `POST /v1/completions` is `postV1Completions`. */
function idOf({ method, path }: Operation): string {
  const words = path.match(/[a-z0-9]+/gi) ?? ["root"];
  return method +
    words.map((word) => word[0].toUpperCase() + word.slice(1)).join("");
}
