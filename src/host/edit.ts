import { isDeepStrictEqual } from 'node:util';
import { parse, stringify } from 'yaml';
import { type Problem, UserError } from '../errors.ts';
import { type MapTree, type Tree, toValue } from './tree.ts';
import { parseYaml } from './yaml.ts';

/**
 * Adds a role at the end of a host file's `roles:` by putting text in; every byte that was there stays, comments and all.
 * @param body the role's value as block YAML without indentation, comments allowed; empty for `{}`.
 * @throws {UserError} where the file is not valid YAML, or already has a role of that name.
 */
export function appendRole(text: string, name: string, body: string): string {
  const root = readMap(text);
  const roles = root.entries.get('roles');
  if (roles?.value.kind === 'map' && roles.value.entries.has(name)) {
    const at = roles.value.entries.get(name)?.keyAt;
    throw new UserError({ ...(at && { at }), message: `there is already a role ${name}` });
  }
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const edited = splice(text, root, roles?.value, { name, body, eol });
  verify(root, edited, name, body);
  return edited;
}

/**
 * Takes a role out of a host file; every other byte stays, comments outside of the role as well.
 * @throws {UserError} where the file is not valid YAML, has no role of that name, or is written in a way in which
 * taking it out would change something else.
 */
export function removeRole(text: string, name: string): string {
  const root = readMap(text);
  const roles = root.entries.get('roles')?.value;
  const entry = roles?.kind === 'map' ? roles.entries.get(name) : undefined;
  if (roles?.kind !== 'map' || !entry) throw new UserError({ message: `there is no role ${name}` });
  const edited = roles.flow ? cutFlow(text, roles, name) : cutLines(text, roles, name);
  const { [name]: _, ...rest } = Object(toValue(roles));
  const { tree, problems } = parseYaml(edited, 'host.yaml');
  if (
    problems.length === 0 &&
    tree &&
    isDeepStrictEqual(toValue(tree), { ...Object(toValue(root)), roles: rest })
  )
    return edited;
  throw new UserError({
    at: entry.keyAt,
    message: `the role ${name} cannot be taken out without changing something else`,
    hint: 'Take it out by hand.',
  });
}

/** Up to the next key, with its comma. */
function cutFlow(text: string, roles: MapTree, name: string): string {
  const starts = [...roles.entries].map(([key, { keyStart }]) => ({ key, keyStart }));
  const at = starts.findIndex(({ key }) => key === name);
  const start = starts[at]?.keyStart ?? 0;
  const next = starts[at + 1]?.keyStart;
  if (next !== undefined) return text.slice(0, start) + text.slice(next);
  const before = text.slice(0, start).replace(/,?\s*$/, ' ');
  return before + text.slice(roles.entries.get(name)?.value.end ?? start).trimStart();
}

/** Whole lines, up to the end of the value and of the comments below that are indented as part of it; the last role leaves an empty map. */
function cutLines(text: string, roles: MapTree, name: string): string {
  const entry = roles.entries.get(name);
  if (!entry) return text;
  const start = text.lastIndexOf('\n', entry.keyStart) + 1;
  const end = endOfComments(
    text,
    endOfLine(text, Math.max(entry.value.end, entry.keyStart + 1)),
    entry.keyStart - start,
  );
  if (roles.entries.size > 1) return text.slice(0, start) + text.slice(end);
  const key = text.lastIndexOf('roles:', start);
  return `${text.slice(0, key)}roles: {}${text.slice(key + 'roles:'.length, start)}${text.slice(end)}`;
}

interface Addition {
  readonly name: string;
  readonly body: string;
  readonly eol: string;
}

function splice(text: string, root: MapTree, roles: Tree | undefined, { name, body, eol }: Addition): string {
  if (!roles && root.flow) return spliceFlow(text, root, 'roles', { [name]: parse(body) ?? {} });
  if (!roles) return insertLines(text, endOfLine(text, root.end), [`${name}:`, body], 0, eol, 'roles:');
  if (roles.kind === 'map' && roles.flow) return spliceFlow(text, roles, name, parse(body) ?? {});
  if (root.flow)
    throw new UserError({ at: roles.at, message: 'roles is empty here', hint: 'Write roles: {}.' });
  if (roles.kind === 'map') {
    const first = [...roles.entries.values()][0];
    const indent = (first?.keyAt.column ?? 3) - 1;
    return insertLines(text, endOfLine(text, roles.end), [`${name}:`, body], indent, eol);
  }
  return insertLines(text, endOfLine(text, roles.end), [`${name}:`, body], 2, eol);
}

/** `{ a: {} }` becomes `{ a: {}, b: {…} }`. */
function spliceFlow(text: string, map: MapTree, key: string, role: unknown): string {
  const value = stringify(role, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd();
  const close = map.end - 1;
  const inside = text.slice(map.start + 1, close).trimEnd();
  const comma = map.entries.size > 0 && !inside.endsWith(',') ? ',' : '';
  const at = map.start + 1 + inside.length;
  return `${text.slice(0, at)}${comma} ${key}: ${value} ${text.slice(close)}`;
}

function insertLines(
  text: string,
  at: number,
  [key = '', body = '']: readonly string[],
  indent: number,
  eol: string,
  heading?: string,
): string {
  const outer = heading === undefined ? indent : indent + 2;
  const below = body
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '' : `${' '.repeat(outer + 2)}${line}`));
  const lines = [
    ...(heading === undefined ? [] : [heading]),
    `${' '.repeat(outer)}${body.trim() === '' ? `${key} {}` : key}`,
    ...(body.trim() === '' ? [] : below),
  ];
  const before = text.slice(0, at);
  const start = before === '' || before.endsWith('\n') ? '' : eol;
  return `${before}${start}${lines.map((line) => `${line}${eol}`).join('')}${text.slice(at)}`;
}

/** Comments after the last key of a role, deeper than its name, are the role's. */
function endOfComments(text: string, start: number, indent: number): number {
  const comments = new RegExp(`(?:[ \\t]*\\r?\\n)*[ ]{${indent + 1},}#.*(?:\\r?\\n|$)`, 'y');
  let end = start;
  comments.lastIndex = end;
  while (comments.test(text)) {
    end = comments.lastIndex;
    if (end === text.length) break;
  }
  return end;
}

/** The offset after the line break that ends the line in which `offset` lies. */
function endOfLine(text: string, offset: number): number {
  if (offset > 0 && text[offset - 1] === '\n') return offset;
  const next = text.indexOf('\n', offset);
  return next < 0 ? text.length : next + 1;
}

function readMap(text: string): MapTree {
  const { tree, problems } = parseYaml(text, 'host.yaml');
  const [first] = problems;
  if (first) throw new UserError(problems);
  if (tree?.kind === 'map') return tree;
  const problem: Problem = { message: 'this is not a host file: it has no keys' };
  throw new UserError(problem);
}

/** An edit that would mean anything else than one role more is a bug, and must not reach the disk. */
function verify(root: MapTree, edited: string, name: string, body: string): void {
  const before = Object(toValue(root));
  const expected = { ...before, roles: { ...before.roles, [name]: parse(body) ?? {} } };
  const { tree, problems } = parseYaml(edited, 'host.yaml');
  if (problems.length > 0 || !tree || !isDeepStrictEqual(toValue(tree), expected))
    throw new Error('Adding a role would have changed something else in the host file');
}
