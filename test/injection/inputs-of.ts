/** Every place in a recipe's inputs that takes text, found in its schema: a new recipe joins by being there. */
import { z } from 'zod';

/** One place that takes text. */
export interface TextInput {
  /** What it takes. */
  readonly usual: string;
  /** `users[].comment` */
  readonly label: string;
  /**
   * Whole inputs with this text in that place, and the least beside it that makes them valid.
   * @param n names what is beside it, so that two cases do not collide
   */
  readonly build: (value: string, n: number) => Readonly<Record<string, unknown>>;
}

/** Text that some schema takes. `N` is a number, so that two never collide. */
const BENIGN = [
  'caseN',
  '/srv/caseN',
  'caseN.example.org',
  'net.ipv4.caseN',
  'caseN.service',
  '0644',
  '04:30',
  'Europe/Berlin',
  '10.0.0.0/8',
  '80/tcp',
  '192.0.2.1',
  '2001:db8::1',
  './public',
  '203.0.113.7',
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJz0TuWnZVkFsVrPWq3bAqf0zYhI8b9eFZ2m8uJqkQxR caseN',
];

/** Text that this schema takes. @throws {Error} when none is known: add one to the list. */
function benign(schema: z.ZodType, n = 1): string {
  const found = BENIGN.map((text) => text.replace('N', String(n))).find(
    (text) => schema.safeParse(text).success,
  );
  if (found === undefined) throw new Error('No text is known that this schema takes: add one to BENIGN.');
  return found;
}

/**
 * Every place of a recipe that takes text.
 * @throws {Error} for a schema that this file does not know yet
 */
export function textInputs(inputs: z.ZodObject): readonly TextInput[] {
  return sites(inputs).map(({ label, build, schema }) => ({
    label: label.replace(/^\./, ''),
    usual: benign(schema),
    build: fitting(inputs, schema, build),
  }));
}

/** What stands beside a text. */
interface Around {
  /** With everything that may be left out. */
  readonly full: boolean;
  readonly n: number;
}

interface Site {
  readonly label: string;
  readonly schema: z.ZodType;
  readonly build: (value: string, around: Around) => unknown;
}

/** With what may be left out, or without: whichever is valid. */
function fitting(inputs: z.ZodType, schema: z.ZodType, build: Site['build']): TextInput['build'] {
  const full = [false, true].find(
    (choice) => inputs.safeParse(build(benign(schema), { full: choice, n: 1 })).success,
  );
  if (full === undefined) throw new Error('No valid inputs could be made around a text.');
  return (value, n) => build(value, { full, n }) as Readonly<Record<string, unknown>>;
}

function sites(schema: z.ZodType): readonly Site[] {
  const { def } = schema as unknown as { def: Def };
  if (def.type === 'string') return [{ label: '', schema, build: (value) => value }];
  if (def.innerType) return sites(def.innerType);
  if (def.type === 'pipe' && def.in) return sites(def.in);
  if (def.type === 'union') return (def.options ?? []).flatMap(sites);
  if (def.type === 'array' && def.element)
    return sites(def.element).map((site) => ({
      ...site,
      label: `[]${site.label}`,
      build: (value, around) => [site.build(value, around)],
    }));
  if (def.type === 'record') return recordSites(def);
  if (def.type === 'object') return objectSites(def.shape ?? {});
  if (['number', 'int', 'boolean', 'enum', 'literal'].includes(def.type)) return [];
  throw new Error(`Inputs of the type ‘${def.type}’ are not known to this test: add them.`);
}

/** What is looked at of a schema's definition. */
interface Def {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly element?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly keyType?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly entries?: Readonly<Record<string, unknown>>;
  readonly values?: readonly unknown[];
}

function recordSites({ keyType, valueType }: Def): readonly Site[] {
  if (!keyType || !valueType) return [];
  return [
    { label: '{key}', schema: keyType, build: (value, around) => ({ [value]: example(valueType, around) }) },
    ...sites(valueType).map((site) => ({
      ...site,
      label: `{}${site.label}`,
      build: (value: string, around: Around) => ({ [benign(keyType, around.n)]: site.build(value, around) }),
    })),
  ];
}

function objectSites(shape: Readonly<Record<string, z.ZodType>>): readonly Site[] {
  return Object.entries(shape).flatMap(([key, schema]) =>
    sites(schema).map(
      (site): Site => ({
        ...site,
        label: `.${key}${site.label}`,
        build: (value, around) => ({ ...exampleOf(shape, around), [key]: site.build(value, around) }),
      }),
    ),
  );
}

function exampleOf(shape: Readonly<Record<string, z.ZodType>>, around: Around): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(shape)
      .filter(([, schema]) => around.full || !schema.safeParse(undefined).success)
      .map(([key, schema]) => [key, example(schema, around)]),
  );
}

/** Something that a schema takes. */
function example(schema: z.ZodType, around: Around): unknown {
  const { def } = schema as unknown as { def: Def };
  if (def.innerType) return example(def.innerType, around);
  if (def.type === 'string') return benign(schema, around.n);
  if (def.type === 'array' && def.element) return [example(def.element, around)];
  if (def.type === 'object') return exampleOf(def.shape ?? {}, around);
  if (def.type === 'record')
    return def.keyType && def.valueType
      ? { [benign(def.keyType, around.n)]: example(def.valueType, around) }
      : {};
  if (def.type === 'union') return example(def.options?.[0] ?? z.never(), around);
  if (def.type === 'enum') return Object.values(def.entries ?? {})[0];
  if (def.type === 'literal') return def.values?.[0];
  if (def.type === 'boolean') return true;
  return [1, 80, 1000].find((number) => schema.safeParse(number).success);
}
