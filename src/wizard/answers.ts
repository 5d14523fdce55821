import { parse } from 'yaml';
import { show } from '../compose/complaint.ts';
import { UserError } from '../errors.ts';
import { KEYS } from '../host/settings.ts';

/** A value given by `--set`: what it is depends on what is asked for. */
export class Words {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Answers by the keys of the host file that they become. */
export interface Answers {
  host?: unknown;
  connect?: unknown;
  network?: unknown;
  /** False: not wanted. */
  readonly roles: Map<string, Map<string, unknown> | false>;
}

/**
 * Puts the answers of `--answers` and `--set` together; the later one wins. A key is a path in the host file
 * (`connect.ssh`, `roles.blog.source`), and `roles.` may be left out (`blog.source`). A role alone is `yes`, `no` or
 * the name of its recipe.
 * @param file the content of `--answers`, if there is any.
 * @param sets `key=value`.
 * @throws {UserError} for a key that can be none.
 */
export function collectAnswers(file: unknown, sets: readonly string[]): Answers {
  const answers: Answers = { roles: new Map() };
  if (file !== undefined && file !== null) {
    if (typeof file !== 'object' || Array.isArray(file))
      throw new UserError({
        message: '--answers: the file is no group of keys',
        hint: 'It has lines such as connect: lab.',
      });
    for (const [key, value] of Object.entries(file)) put(answers, toPath(key), value, '--answers');
  }
  for (const set of sets) {
    const at = set.indexOf('=');
    if (at < 1)
      throw new UserError({
        message: `--set ${show(set)} is no key=value`,
        hint: 'Write --set connect=lab.',
      });
    put(answers, toPath(set.slice(0, at)), new Words(set.slice(at + 1)), '--set');
  }
  return answers;
}

/** What a text of `--set` is where nothing says which type is wanted: numbers, true, false, lists and groups are told. */
export function fromWords(value: unknown): unknown {
  if (!(value instanceof Words)) return value;
  const { text } = value;
  if (!/^(?:-?\d+(?:\.\d+)?|true|false|\[.*|\{.*)$/s.test(text)) return text;
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch {
    return text;
  }
}

function toPath(key: string): readonly string[] {
  const path = key.split('.');
  if (!path.every((part) => /^[A-Za-z0-9_-]+$/.test(part) && part !== '__proto__'))
    throw new UserError({
      message: `${show(key)} is not the key of an answer`,
      hint: 'Write a key such as connect.ssh.',
    });
  return KEYS.some((known) => known === path[0]) ? path : ['roles', ...path];
}

function put(answers: Answers, [top = '', ...below]: readonly string[], value: unknown, from: string): void {
  if (top === 'hostwright') return;
  if (top !== 'roles') {
    const key = top as 'host' | 'connect' | 'network';
    answers[key] = below.length === 0 ? fromWords(value) : merge(answers[key], below, fromWords(value));
    return;
  }
  const [name, input, ...deeper] = below;
  if (name === undefined) {
    if (typeof value !== 'object' || value === null || value instanceof Words)
      throw new UserError({ message: `${from}: roles is a group of keys`, hint: 'Write roles.site=yes.' });
    for (const [role, inputs] of Object.entries(value))
      put(answers, ['roles', ...role.split('.')], inputs, from);
    return;
  }
  if (input === undefined) {
    putRole(answers, name, value);
    return;
  }
  const role = answers.roles.get(name) || new Map<string, unknown>();
  const before = role.get(input);
  role.set(input, deeper.length === 0 ? value : merge(before, deeper, fromWords(value)));
  answers.roles.set(name, role);
}

function putRole({ roles }: Answers, name: string, value: unknown): void {
  const role = value instanceof Words ? value.text : value;
  if (role === false || role === 'no' || role === 'false') roles.set(name, false);
  else if (role === true || role === null || role === 'yes' || role === 'true')
    roles.set(name, roles.get(name) || new Map());
  else if (typeof role === 'object')
    roles.set(name, new Map([...(roles.get(name) || []), ...Object.entries(role)]));
  else roles.set(name, new Map([...(roles.get(name) || []), ['recipe', role]]));
}

function merge(before: unknown, [key = '', ...deeper]: readonly string[], value: unknown): unknown {
  const group: Record<string, unknown> = typeof before === 'object' && before !== null ? { ...before } : {};
  return { ...group, [key]: deeper.length === 0 ? value : merge(group[key], deeper, value) };
}
