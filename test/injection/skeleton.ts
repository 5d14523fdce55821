/** What a config file is made of, without its values: hostile text may change a value, and nothing else. */
import { type Directive, parseConfig } from '../../src/facts/nginx/tokens.ts';

/** @param path decides in which way the file is read */
export function skeleton(path: string, content: string): readonly string[] {
  if (path.startsWith('/etc/nginx/')) return nginx(content);
  if (/^(?:\/etc\/bind\/zones|\/var\/lib\/bind)\//.test(path)) return content.split('\n').map(record).sort();
  const read = path.startsWith('/etc/bind/') ? statement : firstWord;
  return content.split('\n').map(read);
}

/** A zone file (RFC 1035 §5): the name of a record is a value as well, and decides where the record stands. */
function record(line: string): string {
  const [, type] = /^[^\s"]+\t(?:\d+ )?IN ([A-Z]+) \S/.exec(line) ?? [];
  return type ?? firstWord(line);
}

/** named.conf(5): an address or one quoted name in a list is a value as a whole. */
function statement(line: string): string {
  return /^\s*(?:"(?:[^"\\]|\\.)*"|!?[0-9A-Fa-f.:]+(?:\/[0-9]+)?);$/.test(line) ? 'value' : firstWord(line);
}

/** Names of directives, with what is nested in what. */
function nginx(content: string): readonly string[] {
  const { directives, complete } = parseConfig(content);
  return [...(complete ? [] : ['incomplete']), ...directives.flatMap((directive) => names(directive, ''))];
}

function names({ name, block }: Directive, outer: string): readonly string[] {
  const path = `${outer}/${name}`;
  return [path, ...(block ?? []).flatMap((inner) => names(inner, path))];
}

/** A key, a section, the name of a rule: up to where its value begins. */
function firstWord(line: string): string {
  // A branch of a program's case is named by a value.
  if (/^\s*'[^']*'\)$/.test(line)) return 'branch';
  return /^\s*[^\s=:]*/.exec(line)?.[0] ?? '';
}
