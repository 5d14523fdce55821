/** What a config file is made of, without its values: hostile text may change a value, and nothing else. */
import { type Directive, parseConfig } from '../../src/facts/nginx/tokens.ts';

/** @param path decides in which way the file is read */
export function skeleton(path: string, content: string): readonly string[] {
  if (path.startsWith('/etc/nginx/')) return nginx(content);
  return content.split('\n').map(firstWord);
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
  return /^\s*[^\s=:]*/.exec(line)?.[0] ?? '';
}
