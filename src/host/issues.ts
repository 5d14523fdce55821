import { z } from 'zod';
import { show } from '../compose/complaint.ts';
import { inputMeta, unwrap } from '../compose/input-meta.ts';
import type { Problem } from '../errors.ts';
import { didYouMean, suggest } from '../suggest.ts';
import { find, locateKey, locateValue, type Path, type Tree } from './tree.ts';
import { plainWords } from './zod-words.ts';

/** Where in the host file a schema is applied. */
export interface Scope {
  readonly root: Tree;
  /** Path of the value that the schema is for. */
  readonly path: Path;
}

/** A problem of one value. */
export interface Finding extends Problem {
  /** Something is not there; in a file with syntax errors it may only not have been understood. */
  readonly absent?: true;
}

/** What came of holding a value against a schema. */
export type Validated<Value> = { readonly value: Value } | { readonly problems: readonly Finding[] };

/** Holds `value`, which stands at `scope`, against `schema`; each issue becomes a problem at its key or value. */
export function validate<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  scope: Scope,
): Validated<z.output<Schema>> {
  const result = z.safeParse(schema, value, { error: plainWords });
  if (result.success) return { value: result.data };
  return { problems: result.error.issues.flatMap((issue) => toProblems(issue, schema, scope)) };
}

function toProblems(issue: z.core.$ZodIssue, schema: z.core.$ZodType, scope: Scope): Finding[] {
  const below = issue.path.map((key) => (typeof key === 'number' ? key : String(key)));
  const path = [...scope.path, ...below];
  if (issue.code === 'unrecognized_keys') {
    const known = keysOf(schemaAt(schema, below));
    return issue.keys.map((key) => unknownKey(scope.root, [...path, key], known));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0)
    return fromUnion(issue, schema, scope, below);
  if (issue.code === 'invalid_key')
    return [
      {
        at: locateKey(scope.root, path),
        message: `${label(path)}: ${issue.issues[0]?.message ?? issue.message}`,
      },
    ];
  const found = find(scope.root, path);
  const missing = found === undefined && issue.message.startsWith('missing: ');
  const hint = missing ? inputMeta(schemaAt(schema, below) ?? schema).help : hintFor(issue, found);
  const message = missing
    ? `${label(path)} is missing: ${issue.message.slice('missing: '.length)}`
    : `${label(path)}: ${issue.message}`;
  const absent = missing || (found?.kind === 'scalar' && found.value === null);
  const finding = { at: locateValue(scope.root, path), message, ...(hint && { hint }) };
  return [absent ? { ...finding, absent } : finding];
}

/** A key that nothing reads, with the one that was probably meant. */
export function unknownKey(root: Tree, path: Path, known: readonly string[]): Problem {
  const key = String(path.at(-1));
  const hint = didYouMean(key, known, 'Known here');
  return { at: locateKey(root, path), message: `${label(path)} is not a known key`, hint };
}

/** `roles.blog.port`, `network.lan[0]`; a key that is no plain word is quoted. */
export function label(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    const word = PLAIN_KEY.test(key) ? key : show(key);
    return text === '' ? word : `${text}.${word}`;
  }, '');
}

const PLAIN_KEY = /^[\w./-]{1,60}$/;

/** The form that fits best is the one that was meant: it complains of the fewest things, and not of the whole. */
function fromUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  schema: z.core.$ZodType,
  scope: Scope,
  below: Path,
): Finding[] {
  const forms = issue.errors.filter(
    (issues) => !issues.some(({ code, path }) => path.length === 0 && code !== 'unrecognized_keys'),
  );
  const [best] = [...forms].sort((a, b) => a.length - b.length);
  const meant = best ?? (issue.errors.length === 1 ? issue.errors[0] : undefined);
  if (!meant) {
    const path = [...scope.path, ...below];
    return [{ at: locateValue(scope.root, path), message: `${label(path)}: ${issue.message}` }];
  }
  return meant.flatMap((inner) => toProblems({ ...inner, path: [...below, ...inner.path] }, schema, scope));
}

function hintFor(issue: z.core.$ZodIssue, found: Tree | undefined): string | undefined {
  if (issue.code === 'custom' && typeof issue.params?.hint === 'string') return issue.params.hint;
  const written = found?.kind === 'scalar' ? found.value : undefined;
  if (issue.code === 'invalid_value' && typeof written === 'string') {
    const guess = suggest(written, issue.values.map(String));
    return guess === undefined ? undefined : `Did you mean "${guess}"?`;
  }
  if (issue.code !== 'invalid_type') return undefined;
  if (issue.expected === 'string' && (typeof written === 'number' || typeof written === 'boolean'))
    return `Put it in quotes: "${found?.kind === 'scalar' ? (found.source ?? written) : written}".`;
  if (issue.expected === 'array' && PLAIN_KEY.test(String(written ?? '')))
    return `Write it as a list: [${written}].`;
  if (issue.expected === 'number' && typeof written === 'string' && /^-?\d+$/.test(written))
    return `Write it without quotes: ${written}.`;
  if (issue.expected === 'boolean' && typeof written === 'string' && /^(?:yes|no|on|off)$/i.test(written))
    return `Write ${/^(?:yes|on)$/i.test(written) ? 'true' : 'false'}.`;
  return undefined;
}

/** The schema of what stands at `path` below `schema`, as far as it can be told. */
function schemaAt(schema: z.core.$ZodType, path: Path): z.core.$ZodType | undefined {
  return path.reduce<z.core.$ZodType | undefined>((at, key) => {
    const bare = at && strip(at);
    if (bare instanceof z.ZodObject) return bare.shape[String(key)];
    if (bare instanceof z.ZodUnion)
      return bare.options.map((option) => schemaAt(option, [key])).find((found) => found !== undefined);
    if (bare instanceof z.ZodArray) return bare.element;
    return bare instanceof z.ZodRecord ? bare.valueType : undefined;
  }, schema);
}

function keysOf(schema: z.core.$ZodType | undefined): readonly string[] {
  const bare = schema && strip(schema);
  if (bare instanceof z.ZodUnion) return [...new Set(bare.options.flatMap(keysOf))];
  return bare instanceof z.ZodObject ? Object.keys(bare.shape) : [];
}

function strip(schema: z.core.$ZodType): z.core.$ZodType {
  const inner = unwrap(schema);
  return inner ? strip(inner) : schema;
}
