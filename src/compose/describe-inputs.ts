import { z } from 'zod';
import { inputMeta, unwrap } from './input-meta.ts';

/** One key that a role of a recipe can say, for people. */
export interface InputRow {
  /** With the keys around it: `upgrades.reboot`; `databases[].name` for each entry of a list. */
  readonly key: string;
  readonly required: boolean;
  /** What is to be written there, in a few words: `a list of domain names`. */
  readonly takes: string;
  /** What holds when it is left out; absent where that is nothing. */
  readonly fallback?: string;
  readonly question?: string;
  readonly help?: string;
  readonly example?: unknown;
}

/** What stands where, by the words of `inputs.ts`. */
const WORDS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  absolutePath: ['a path on the host', 'paths on the host'],
  cidr: ['a range of addresses', 'ranges of addresses'],
  domain: ['a domain name', 'domain names'],
  fileMode: ['a mode in quotes', 'modes in quotes'],
  folder: ['a folder here', 'folders here'],
  hostLabel: ['a name', 'names'],
  packageName: ['a package', 'packages'],
  port: ['a port', 'ports'],
  text: ['text of any lines', 'texts'],
  userName: ['a name', 'names'],
};

/** The zod definition of a schema, as far as it is looked at here. */
interface Definition {
  readonly type: string;
  readonly format?: string;
  readonly element?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly values?: readonly unknown[];
  readonly entries?: Readonly<Record<string, string>>;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
}

type Shape = readonly (readonly [key: string, schemas: readonly z.core.$ZodType[]])[];

/** Every key of a recipe's inputs, those inside of others after them. Pure. */
export function describeInputs(inputs: z.ZodObject): readonly InputRow[] {
  return Object.entries(inputs.shape).flatMap(([key, schema]) => rowsOf(key, [schema], true));
}

/**
 * @param schemas of one key; several where entries of different kinds have it
 * @param everywhere whether each kind has the key
 */
function rowsOf(key: string, schemas: readonly z.core.$ZodType[], everywhere: boolean): readonly InputRow[] {
  const [first] = schemas;
  if (!first) return [];
  const { question, example } = inputMeta(first);
  const help = [...new Set(schemas.flatMap((schema) => inputMeta(schema).help ?? []))].join(' ');
  const absent = z.safeParse(first, undefined);
  const { suffix, shape } = inside(first);
  const fallbacks = schemas.map((schema) => {
    const { data } = z.safeParse(schema, undefined);
    return shown(data, shape.length > 0);
  });
  const fallback = new Set(fallbacks).size === 1 ? fallbacks[0] : undefined;
  return [
    {
      key,
      required: everywhere && !absent.success,
      takes: choices(schemas.map((schema) => takes(schema))),
      ...(fallback === undefined ? {} : { fallback }),
      ...(question === undefined ? {} : { question }),
      ...(help === '' ? {} : { help }),
      ...(example === undefined ? {} : { example }),
    },
    ...shape.flatMap(([name, inner]) =>
      rowsOf(`${key}${suffix}.${name}`, inner, inner.length === kinds(first)),
    ),
  ];
}

/** The keys inside of a group, or of each entry of a list of groups. */
function inside(schema: z.core.$ZodType): { readonly suffix: string; readonly shape: Shape } {
  const { element } = definitionOf(schema);
  return element ? { suffix: '[]', shape: shapeOf(element) } : { suffix: '', shape: shapeOf(schema) };
}

function shapeOf(schema: z.core.$ZodType): Shape {
  const { shape, options = [] } = definitionOf(schema);
  if (shape) return Object.entries(shape).map(([key, inner]) => [key, [inner]]);
  const shapes = options.flatMap((option) => shapeOf(option));
  const keys = [...new Set(shapes.map(([key]) => key))];
  return keys.map((key) => [key, shapes.flatMap(([other, inner]) => (other === key ? inner : []))]);
}

/** How many kinds of groups an entry may be. */
function kinds(schema: z.core.$ZodType): number {
  const { element } = definitionOf(schema);
  return definitionOf(element ?? schema).options?.length ?? 1;
}

function takes(schema: z.core.$ZodType, many = false): string {
  const { input } = inputMeta(schema);
  const definition = definitionOf(schema);
  const { type, format, element, valueType, options, values, entries } = definition;
  const word = input === undefined || type === 'array' ? undefined : WORDS[input];
  if (word) return word[many ? 1 : 0];
  if (element && shapeOf(element).length > 0) return many ? 'lists' : 'a list';
  if (element) return `${many ? 'lists' : 'a list'} of ${takes(element, true)}`;
  if (entries) return Object.values(entries).map(code).join(', ');
  if (values) return values.map(code).join(', ');
  if (options) return choices(options.map((option) => takes(option, many)));
  if (valueType) return `names, each with ${takes(valueType)}`;
  if (type === 'number') return many ? 'numbers' : 'a number';
  if (type === 'boolean') return '`true`, `false`';
  if (type === 'object') return 'keys';
  if (format?.startsWith('ipv')) return many ? 'addresses' : 'an address';
  return many ? 'texts' : 'text';
}

/** Words in backquotes are a list; what else there is comes after an `or`. */
function choices(all: readonly string[]): string {
  const each = [...new Set(all)];
  const words = each.filter((text) => text.startsWith('`'));
  const others = each.filter((text) => !text.startsWith('`'));
  return [...(words.length > 0 ? [words.join(', ')] : []), ...others].join(' or ');
}

const code = (value: unknown): string => `\`${String(value)}\``;

/** What holds by itself; a group says it key by key. */
function shown(value: unknown, isGroup: boolean): string | undefined {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return undefined;
  if (typeof value === 'object' && value !== null) {
    if (isGroup || Object.keys(value).length === 0) return undefined;
    return JSON.stringify(value);
  }
  return String(value);
}

function definitionOf(schema: z.core.$ZodType): Definition {
  const inner = unwrap(schema);
  return inner ? definitionOf(inner) : (schema._zod.def as Definition);
}
