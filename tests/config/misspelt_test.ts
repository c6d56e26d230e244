import { assertEquals } from "@std/assert";
import { misspelt } from "../../lib/config/misspelt.ts";
import { SETTINGS } from "../../lib/config/settings.ts";

function nearest(...names: string[]): Record<string, string> {
  const env = Object.fromEntries(names.map((name) => [name, ""]));
  return Object.fromEntries(
    misspelt(env).map(({ name, setting }) => [name, setting]),
  );
}

Deno.test("misspelt() finds the setting that was meant", () => {
  const meant = {
    PREFIX_CAHCE: "PREFIX_CACHE",
    MODLE: "MODEL",
    API_KEY: "API_KEYS",
    THREAD: "THREADS",
    CORS_ORIGN: "CORS_ORIGINS",
    KVMEMORY: "KV_MEMORY",
    Port: "PORT",
  };
  assertEquals(nearest(...Object.keys(meant)), meant);
});

Deno.test("misspelt() says nothing of settings and of other variables", () => {
  const others =
    "PATH HOME HOSTNAME USER SHELL TERM LANG PWD OLDPWD SHLVL EDITOR DISPLAY LOGNAME " +
    "HOSTTYPE MAIL TZ CI NODE_ENV DENO_DIR XDG_CACHE_HOME DENO_KV_ACCESS_TOKEN TMPDIR " +
    "OTEL_DENO NO_PROXY HTTPS_PROXY GOPATH JAVA_HOME LC_ALL LS_COLORS KUBERNETES_PORT";
  assertEquals(nearest(...Object.keys(SETTINGS), ...others.split(" ")), {});
});
