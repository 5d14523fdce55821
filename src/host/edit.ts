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
