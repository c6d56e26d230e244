import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  helpText,
  misspelt,
  type Setting,
  SETTINGS,
} from "../../lib/config/settings.ts";

const TABLE = Object.entries<Setting>(SETTINGS);

Deno.test("helpText() lists each setting, what it may be, and its default", () => {
  const lines = helpText().split("\n");
  for (const [name, { means, value, default: standard }] of TABLE) {
    const line = lines.find((line) => line.startsWith(`  ${name} `))!;
    assertStringIncludes(line, `${means} (${value.description})`);
    assertEquals(line.endsWith(`[${standard || "unset"}]`), true, name);
  }
});

Deno.test("docs/settings.md has the table of the settings", async () => {
  const text = await Deno.readTextFile("docs/settings.md");
  const rows = text.split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
  assertEquals(
    rows,
    TABLE.map(([name, { means, value, default: standard }]) => [
      `\`${name}\``,
      means,
      value.description!,
      standard ? `\`${standard}\`` : "unset",
    ]),
  );
});

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
