/**
 * Which of several configuration files of PostgreSQL has the last word
 * (https://www.postgresql.org/docs/current/config-setting.html).
 */

/** A setting that stands in a cluster's files. */
export interface PostgresSetting {
  readonly value: string;
  readonly file: string;
  /** It is read after hostwright's own file, so that nothing said there counts. */
  readonly wins: boolean;
}

/** One file: its lines that begin with a letter, with a blank before each. */
export interface ConfigFile {
  readonly path: string;
  readonly lines: readonly string[];
}

interface Line {
  readonly name: string;
  readonly value: string;
}

/**
 * Puts the files into the order in which the server reads them: postgresql.conf down to its `include_dir`, that folder by name, the
 * rest of postgresql.conf, and what `ALTER SYSTEM` has written. Pure.
 */
export function effectiveSettings(
  files: readonly ConfigFile[],
  ownFile: string,
): { readonly settings: Readonly<Record<string, PostgresSetting>>; readonly readsOwnFile: boolean } {
  const main = files.find(({ path }) => path.endsWith('/postgresql.conf'));
  const auto = files.find(({ path }) => path.endsWith('/postgresql.auto.conf'));
  const inFolder = files.filter((file) => file !== main && file !== auto);
  const lines = linesOf(main);
  const at = lines.findIndex(({ name, value }) => name === 'include_dir' && /(^|\/)conf\.d\/?$/.test(value));
  const readsOwnFile = at >= 0;
  const settings: Record<string, PostgresSetting> = {};
  const say = (said: readonly Line[], file: string, wins: boolean): void => {
    for (const { name, value } of said) settings[name] = { value, file, wins };
  };
  if (main) say(readsOwnFile ? lines.slice(0, at) : lines, main.path, false);
  if (readsOwnFile)
    for (const file of [...inFolder].sort((one, other) => (one.path < other.path ? -1 : 1)))
      say(linesOf(file), file.path, nameOf(file) > ownFile);
  if (main && readsOwnFile) say(lines.slice(at), main.path, true);
  if (auto) say(linesOf(auto), auto.path, true);
  return { settings, readsOwnFile };
}

function nameOf({ path }: ConfigFile): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function linesOf(file: ConfigFile | undefined): readonly Line[] {
  return (file?.lines ?? []).flatMap((line) => readLine(line) ?? []);
}

/** `name = 'value' # comment`; the equals sign may be missing, names have no case. */
function readLine(line: string): Line | undefined {
  const [, name, quoted, bare] =
    /^ ([A-Za-z_][\w.]*)(?:\s*=\s*|\s+)(?:'((?:[^']|'')*)'|([^\s#']+))/.exec(line) ?? [];
  if (name === undefined) return undefined;
  return { name: name.toLowerCase(), value: (quoted ?? bare ?? '').replaceAll("''", "'") };
}
