/**
 * The repository's own code, and who imports whom in it.
 *
 * @module
 */

const ROOT = new URL("../../", import.meta.url);

/** A source file; its path is relative to the repository. */
export interface Source {
  path: string;
  text: string;
}

/** Reads our own code at the given places, folders with all below them. */
export function sources(...places: string[]): Source[] {
  return places.flatMap((path) => {
    if (path.endsWith("/node_modules")) return [];
    const url = new URL(path, ROOT);
    if (Deno.statSync(url).isDirectory) {
      const entries = [...Deno.readDirSync(url)];
      return sources(...entries.map(({ name }) => `${path}/${name}`));
    }
    return /\.(ts|js)$/.test(path)
      ? [{ path, text: Deno.readTextFileSync(url) }]
      : [];
  });
}

/** An import: two paths, or a path and the specifier of a package. */
export interface Import {
  from: string;
  to: string;
}

interface ModuleGraph {
  modules: {
    specifier: string;
    dependencies?: {
      specifier: string;
      code?: { specifier?: string };
      type?: { specifier?: string };
    }[];
  }[];
}

/** Lists all imports, of types too, that a module leads to. */
export async function importsFrom(module: string): Promise<Import[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", module],
    cwd: ROOT,
  }).output();
  const graph: ModuleGraph = JSON.parse(new TextDecoder().decode(stdout));
  return graph.modules
    .filter(({ specifier }) => specifier.startsWith(ROOT.href))
    .flatMap(({ specifier, dependencies = [] }) =>
      dependencies.map(({ specifier: name, code, type }) => ({
        from: specifier.slice(ROOT.href.length),
        to: localPath(code?.specifier ?? type?.specifier) ?? name,
      }))
    );
}

function localPath(specifier?: string): string | undefined {
  if (specifier?.startsWith(ROOT.href)) {
    return specifier.slice(ROOT.href.length);
  }
}
