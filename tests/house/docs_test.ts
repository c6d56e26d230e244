import { assert, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";

/** A symbol in the output of `deno doc --json`. */
interface Declaration {
  /** `"export"`, or `"private"`. */
  declarationKind: string;
  /** Kind of symbol. A re-export is a `"reference"`. */
  kind: string;
  location: { filename: string; line: number };
  jsDoc?: { doc?: string };
}

interface Documentation {
  nodes: Record<string, {
    symbols: { name: string; declarations: Declaration[] }[];
  }>;
}

/** Lists the modules of a folder and its subfolders. */
function modulesOf(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) return modulesOf(path);
    return path.endsWith(".ts") ? [path] : [];
  });
}

Deno.test("every exported symbol has a comment", async () => {
  const modules = ["cli", "lib", "models", "routes"].flatMap(modulesOf);
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", ...modules],
  }).output();
  const { nodes }: Documentation = JSON.parse(
    new TextDecoder().decode(stdout),
  );
  const silent = Object.values(nodes).flatMap(({ symbols }) =>
    symbols.flatMap(({ name, declarations }) => {
      const exported = declarations.filter(({ declarationKind, kind }) =>
        declarationKind === "export" && kind !== "reference"
      );
      const said = exported.some(({ jsDoc }) => jsDoc?.doc);
      if (exported.length === 0 || said) return [];
      const { filename, line } = exported[0].location;
      return [`${filename}:${line} ${name}`];
    })
  );
  assertEquals(silent, []);
});

Deno.test("every file that a document names exists", () => {
  const rooms = "cli|deploy|docs|lib|models|routes|tests";
  const path = new RegExp(
    `\`((?:${rooms})/[\\w./-]*|(?:cli|main|edge|start|service)\\.ts)\``,
    "g",
  );
  const inDocs = [...Deno.readDirSync("docs")].map(({ name }) =>
    `docs/${name}`
  );
  const missing = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", ...inDocs]
    .filter((path) => path.endsWith(".md"))
    .flatMap((document) => {
      const text = Deno.readTextFileSync(document);
      return [...text.matchAll(path)].map(([, path]) => path);
    })
    .filter((path) => !existsSync(path));
  assertEquals(missing, []);
});

Deno.test("docs/constants.md names constants that exist", () => {
  const modules = ["lib", "models"].flatMap((folder) => modulesOf(folder));
  const rows = Deno.readTextFileSync("docs/constants.md")
    .matchAll(/^\| (`[^|]+`) in `([^`|]+\.ts)` /gm).toArray();
  assert(rows.length > 0);
  const missing = rows.flatMap(([, names, file]) => {
    const text = modules.filter((path) => path.endsWith(`/${file}`))
      .map((path) => Deno.readTextFileSync(path)).join("\n");
    return [...names.matchAll(/`(\w+)`/g)]
      .filter(([, name]) => !text.includes(`const ${name} = `))
      .map(([, name]) => `${name} in ${file}`);
  });
  assertEquals(missing, []);
});

Deno.test("ARCHITECTURE.md follows a request in 15 files at most, and a pass in 12", () => {
  const text = Deno.readTextFileSync("ARCHITECTURE.md");
  for (const [subject, most] of [["request", 15], ["pass", 12]] as const) {
    const [, section] = text.split(`## The life of a ${subject}\n`);
    const [life] = section.split("\n## ");
    const items = life.matchAll(/^\d+\. (?:.|\n {3})+/gm).toArray();
    const files = items.map(([item]) => item.match(/`[\w./]+\.ts`/g)?.length);
    assertEquals(files, new Array(files.length).fill(1), "each names one file");
    assert(files.length > 0 && files.length <= most, subject);
  }
});
