import { assertEquals, assertThrows } from "@std/assert";
import { parseConfig } from "../../lib/config/config.ts";

const HOST = { processors: 6, cacheHome: "/caches" };

Deno.test("parseConfig() refuses settings that contradict each other", () => {
  const cases: [env: Record<string, string>, message: string][] = [
    [
      { MODEL: "a/m.gguf,b/m.gguf" },
      "MODEL must name models of different ids: received m twice",
    ],
    [
      { MODEL: "m.gguf", MODEL_ALIASES: "gpt=n" },
      "MODEL_ALIASES must name m: received n",
    ],
    [
      { API_KEYS: "none,one" },
      "API_KEYS must be keys, or none alone: received both",
    ],
    [
      { ADMIN_KEY: "none" },
      "ADMIN_KEY must be unset to close /admin: received none",
    ],
    [
      { HOST: "0.0.0.0" },
      "API_KEYS must be keys, or none to serve everyone, with HOST=0.0.0.0: received nothing",
    ],
    [
      { API_KEYS: "one,two", ADMIN_KEY: "two" },
      "ADMIN_KEY must be none of API_KEYS: received one of them",
    ],
    [
      { API_KEYS: "none", API_KEYS_FILE: "keys" },
      "API_KEYS must be keys, or unset, with API_KEYS_FILE: received none",
    ],
    [
      { CORS_ORIGINS: "*,https://a.example" },
      "CORS_ORIGINS must be * alone or a list of origins: received *,https://a.example",
    ],
  ];
  for (const [env, message] of cases) {
    assertThrows(
      () => parseConfig(env, HOST),
      TypeError,
      `Cannot start: ${message}`,
    );
  }
});

Deno.test("parseConfig() needs keys, or the word none, unless HOST is a loopback address", () => {
  for (const host of ["127.0.0.1", "127.1.2.3", "localhost", "::1", "[::1]"]) {
    assertEquals(parseConfig({ HOST: host }, HOST).apiKeys, []);
  }
  for (const host of ["0.0.0.0", "::", "10.0.0.1", "localhost.example"]) {
    assertThrows(() => parseConfig({ HOST: host }, HOST), TypeError);
    const open = { HOST: host, API_KEYS: "none" };
    assertEquals(parseConfig(open, HOST).apiKeys, []);
    const closed = { HOST: host, API_KEYS: "key" };
    assertEquals(parseConfig(closed, HOST).apiKeys, ["key"]);
    const file = { HOST: host, API_KEYS_FILE: "keys" };
    assertEquals(parseConfig(file, HOST).apiKeysFile, "keys");
  }
});
