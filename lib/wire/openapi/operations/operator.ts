/**
 * The operations for operators, and the pages.
 *
 * @module
 */

import { document, erasure, health, probe } from "../answers/resources.ts";
import type { Named, Operation } from "../operation.ts";

const PROBE: Named = { name: "Probe", schema: probe };
const HEALTH: Named = { name: "Health", schema: health };

/** What operators and orchestrators call. */
export const OPERATOR: Operation[] = [
  {
    method: "get",
    path: "/health",
    key: "none",
    tag: "Operator",
    summary: "Shows each model's state, its backend, and how exact it is",
    answer: HEALTH,
    also: { 503: HEALTH },
    errors: [],
  },
  {
    method: "get",
    path: "/live",
    key: "none",
    tag: "Operator",
    summary: "Answers while the process works",
    answer: PROBE,
    errors: [],
  },
  {
    method: "get",
    path: "/ready",
    key: "none",
    tag: "Operator",
    summary: "Answers 200 while every model can serve a request soon",
    answer: PROBE,
    also: { 503: PROBE },
    errors: [],
  },
  {
    method: "get",
    path: "/metrics",
    key: "none",
    tag: "Operator",
    summary: "Shows counts and times for Prometheus",
    answer: { mediaType: "text/plain" },
    errors: [],
  },
  {
    method: "delete",
    path: "/admin/cache",
    key: "operator",
    tag: "Operator",
    summary: "Erases cached prompts",
    parameters: [{
      name: "caller",
      in: "query",
      pattern: "^[0-9a-f]{64}$",
      description: "The SHA-256 of the key of the only caller concerned.",
    }],
    answer: { name: "Erasure", schema: erasure },
    errors: [503],
  },
];

/** Pages, and the document of all routes. */
export const PAGES: Operation[] = [
  {
    method: "get",
    path: "/",
    key: "none",
    tag: "Pages",
    summary: "Serves the playground",
    answer: { mediaType: "text/html" },
    errors: [],
  },
  {
    method: "get",
    path: "/docs",
    key: "none",
    tag: "Pages",
    summary: "Serves this reference as a page",
    answer: { mediaType: "text/html" },
    errors: [],
  },
  {
    method: "get",
    path: "/openapi.json",
    key: "none",
    tag: "Pages",
    summary: "Serves this document",
    answer: { name: "Document", schema: document },
    errors: [],
  },
];
