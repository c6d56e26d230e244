/**
 * The files for Compose and Kubernetes say what is true of the server.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parse, parseAllDocuments } from "yaml";
import { SETTINGS } from "../../lib/config/settings.ts";
import { createApp } from "../../routes/app.ts";
import { toyEngine } from "../toy/engine.ts";

/** Reads a file of the repository. */
function read(path: string): string {
  return Deno.readTextFileSync(new URL(`../../${path}`, import.meta.url));
}

const COMPOSE = parse(read("deploy/compose.yaml"));
const KUBERNETES = parseAllDocuments(read("deploy/kubernetes.yaml"))
  .map((document) => document.toJS());

/** Finds an object of Kubernetes. */
function find(kind: string, name: string) {
  return KUBERNETES.find((it) => it.kind === kind && it.metadata.name === name);
}

/** The server's container and its variables, in each of the two files. */
const [CONTAINER] = find("Deployment", "bita").spec.template.spec.containers;
const VARIABLES: Record<string, string>[] = [
  COMPOSE.services["server-1"].environment,
  Object.fromEntries(
    CONTAINER.env.map((it: { name: string; value?: string }) => [
      it.name,
      it.value,
    ]),
  ),
];

Deno.test("manifests set what the server reads", () => {
  const known = Object.keys(SETTINGS)
    .concat("DENO_KV_ACCESS_TOKEN");
  for (const variables of VARIABLES) {
    const names = Object.keys(variables);
    assertEquals(names.filter((name) => !known.includes(name)), []);
    for (const name of ["API_KEYS", "PREFIX_SECRET"]) {
      assert(names.includes(name), name);
    }
  }
});

Deno.test("manifests name a KV that the image may reach", () => {
  const [, allowed] = /--allow-net=([^"]+)/.exec(read("Dockerfile"))!;
  for (const { KV_URL } of VARIABLES) {
    const { hostname, host } = new URL(KV_URL);
    assert(allowed.split(",").includes(host), host);
    assert(hostname in COMPOSE.services);
    assert(find("Service", hostname));
  }
});

Deno.test("probes ask for what the server answers", async () => {
  const app = createApp({ engines: [toyEngine()], logFailure() {} });
  for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"]) {
    const { path, port } = CONTAINER[probe].httpGet;
    assertEquals((await app.request(path)).status, 200, path);
    assertEquals(port, CONTAINER.ports[0].name);
  }
});

Deno.test("the autoscaler's metric is the server's, by the rule in docs", async () => {
  const { spec } = find("HorizontalPodAutoscaler", "bita");
  const [, block] = /^```yaml\n(- seriesQuery.*?)^```/ms.exec(
    read("docs/deploy.md"),
  )!;
  const [rule] = parse(block);
  assertEquals(spec.metrics[0].pods.metric.name, rule.name.as);
  const [, series] = /__name__="(.+)"/.exec(rule.seriesQuery)!;
  assertStringIncludes(rule.metricsQuery, `"${series}"`);

  const app = createApp({ engines: [toyEngine()], logFailure() {} });
  const metrics = await (await app.request("/metrics")).text();
  assertStringIncludes(metrics, `# TYPE ${series} gauge`);
});
