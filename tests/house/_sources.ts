/**
 * The repository's own code and the imports in it.
 *
 * @module
 */

const ROOT = new URL("../../", import.meta.url);

/** A source file. Its path is relative to the repository. */
export interface Source {
  path: string;
  text: string;
}

/** Reads the code at the given paths. Folders include their subfolders. */
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

/** Lists the names of the files in each folder, subfolders included. */
export function filesByFolder(...folders: string[]): Map<string, string[]> {
  return new Map(folders.flatMap((folder) => {
    const entries = [...Deno.readDirSync(new URL(folder, ROOT))]
      .filter(({ name }) => !/^(node_modules|__pycache__)$/.test(name));
    const files = entries.filter(({ isFile }) => isFile);
    const subfolders = entries.filter(({ isDirectory }) => isDirectory);
    return [
      [folder, files.map(({ name }) => name)],
      ...filesByFolder(...subfolders.map(({ name }) => `${folder}/${name}`)),
    ] as [string, string[]][];
  }));
}

/** An import of a module or of a package. */
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

/** Lists all imports of a module and of the modules it imports, including types. */
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
