import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { callerOf, findKey, plainKey } from "../../lib/access/api_keys.ts";
import { newKey, parseKeys } from "../../lib/access/key_lines.ts";

const ONE = callerOf(plainKey("one"));
const TWO = callerOf(plainKey("two"));

Deno.test("parseKeys() reads names, digests and limits", () => {
  const text = `# name digest
alice ${ONE}   # no limits of its own
\r
  bob\t${TWO.toUpperCase()} requests=60 tokens=none\r
`;
  const keys = parseKeys(text, { limits: { requests: 5, tokens: 9 } });
  assertEquals(keys.map(({ name, limits }) => [name, limits]), [
    ["alice", { requests: 5, tokens: 9 }],
    ["bob", { requests: 60, tokens: undefined }],
  ]);
  assertEquals(findKey(keys, "one")?.name, "alice");
  assertEquals(findKey(keys, "two")?.name, "bob");
  assertEquals(findKey(keys, ONE), undefined, "the digest opens nothing");
  assertEquals(parseKeys("\n# none\n"), []);
});

Deno.test("parseKeys() names the line at fault, and shows no word that may be a key", () => {
  const cases: [line: string, message: string][] = [
    [
      "alice",
      "have the SHA-256 of a key, in 64 hex digits, second: received 0 characters",
    ],
    ["alice sk-secret", "in 64 hex digits, second: received 9 characters"],
    [`alice ${ONE}0`, "in 64 hex digits, second: received 65 characters"],
    [
      `sk-s/cret ${ONE}`,
      "begin with a name of letters, digits and . _ @ -: received others",
    ],
    [
      `alice ${ONE} requsts=6`,
      "end with limits such as requests=60 tokens=20000: received requsts=6",
    ],
    [`alice ${ONE} requests=0`, "received requests=0"],
    [`alice ${ONE} sk-secret`, "received 9 characters"],
    [`first ${ONE}`, "have a name of its own: received first again"],
    [`alice ${TWO}`, "have a key of its own: received that of first"],
    [
      `alice ${callerOf(plainKey("admin"))}`,
      "have another key than ADMIN_KEY: received that one",
    ],
  ];
  for (const [line, message] of cases) {
    const text = `first ${TWO}\n\n${line}`;
    const error = assertThrows(
      () => parseKeys(text, { adminKey: "admin" }),
      TypeError,
      message,
    );
    assertMatch(error.message, /^line 3 must /);
    assertEquals(error.message.includes("cret"), false);
  }
});

Deno.test("newKey() makes a key and the line that it is found by", () => {
  const { key, line } = newKey("carol", ["requests=3"]);
  assertMatch(key, /^sk-bita-[\w-]{43}$/);
  const [read] = parseKeys(line);
  assertEquals([read.name, read.limits], ["carol", { requests: 3 }]);
  assertEquals(findKey([read], key), read);
  assertEquals(line.includes(key), false);
  assertEquals(newKey("carol").key === key, false);
  assertThrows(() => newKey("c d"), TypeError, "Cannot make a key: its line");
  assertThrows(() => newKey("carol", ["requests=x"]), TypeError, "requests=x");
});
