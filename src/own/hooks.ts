/**
 * How Node finds and reads the modules of a recipe of one's own: from the texts that were read and trusted, and from
 * nothing else. A program of its own in `dist/`, since Node before 22.15 runs such hooks in a thread of theirs; later
 * ones take the same functions where they are.
 */

/** The modules of one recipe, as they are handed to the hooks. */
export interface OwnModules {
  /** URL of the recipe's folder, with a final slash. */
  readonly root: string;
  /** Query that tells this load from every other of the same files. */
  readonly mark: string;
  /** JavaScript by path below the folder. */
  readonly sources: Readonly<Record<string, string>>;
  /** What the specifiers `hostwright` and `zod` stand for: URLs. */
  readonly packages: Readonly<Record<string, string>>;
}

/** Marks the message of a refused import: what follows is an {@link Refused} as JSON. */
export const REFUSED = 'hostwright refuses an import: ';

/** An import that a recipe cannot make. */
export interface Refused {
  /** The module that imports, below the recipe's folder. */
  readonly from: string;
  readonly specifier: string;
}

/** What Node hands to a hook, as far as it is used here. */
interface ResolveContext {
  readonly parentURL?: string | undefined;
}

type Resolved = { url: string; format?: string; shortCircuit?: boolean };
type Loaded = { format: 'module'; source: string; shortCircuit: true };

/**
 * The URL of what a module of the recipe imports; nothing for imports that are none of its own.
 * @throws {Error} for what a recipe cannot import
 */
export function resolveOwn(
  { root, mark, sources, packages }: OwnModules,
  specifier: string,
  parent: string | undefined,
): string | undefined {
  if (specifier.startsWith(root) && specifier.endsWith(mark)) return specifier;
  if (!parent?.startsWith(root) || !parent.endsWith(mark)) return undefined;
  if (specifier.startsWith('node:')) return undefined;
  const given = Object.hasOwn(packages, specifier) ? packages[specifier] : undefined;
  if (given !== undefined) return given;
  const from = parent.slice(root.length, -mark.length);
  if (/^\.{1,2}\//.test(specifier)) {
    const { href } = new URL(specifier, root + from);
    const path = href.startsWith(root) ? href.slice(root.length) : '';
    const found = [path, path.replace(/\.js$/, '.ts')].find((name) => Object.hasOwn(sources, name));
    if (found !== undefined) return root + found + mark;
  }
  const refused: Refused = { from: decodeURIComponent(from), specifier };
  throw new Error(REFUSED + JSON.stringify(refused));
}

/** The text of a module of the recipe; nothing for every other. */
export function loadOwn({ root, mark, sources }: OwnModules, url: string): Loaded | undefined {
  if (!url.startsWith(root) || !url.endsWith(mark)) return undefined;
  const source = sources[url.slice(root.length, -mark.length)];
  return source === undefined ? undefined : { format: 'module', source, shortCircuit: true };
}

// Node's thread for hooks has no other place for what it is told: each recipe adds its modules once.
const registered: OwnModules[] = [];

/** Called by Node in the thread of the hooks. */
export function initialize(modules: OwnModules): void {
  registered.push(modules);
}

/** Called by Node for every import. */
export async function resolve<Context extends ResolveContext>(
  specifier: string,
  context: Context,
  next: (specifier: string, context: Context) => Promise<Resolved>,
): Promise<Resolved> {
  for (const modules of registered) {
    const url = resolveOwn(modules, specifier, context.parentURL);
    if (url !== undefined) return { url, format: 'module', shortCircuit: true };
  }
  return next(specifier, context);
}

/** Called by Node for every module. */
export async function load<Context>(
  url: string,
  context: Context,
  next: (url: string, context: Context) => Promise<unknown>,
): Promise<unknown> {
  for (const modules of registered) {
    const loaded = loadOwn(modules, url);
    if (loaded) return loaded;
  }
  return next(url, context);
}
