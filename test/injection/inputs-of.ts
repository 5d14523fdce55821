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
  // Before a word: where both are taken, the word would be the name of another role.
  'http://caseN.example.org',
  'caseN',
  '/srv/caseN',
  'caseN.example.org',
  'caseN.duckdns.org',
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
  'admin@case.example.org',
  'https://caseN.example.org/acme/directory',
  // A root certificate: of nobody, its key was thrown away.
  `-----BEGIN CERTIFICATE-----
MIIBezCCASGgAwIBAgIURnuzFRiIWCC3JHVA1uJ3Niid3sEwCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHZXhhbXBsZTAgFw0yNjExMjMyMDQ3MTRaGA8yMTI2MTAzMDIw
NDcxNFowEjEQMA4GA1UEAwwHZXhhbXBsZTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABEAQ7UlnZ3tpMDy+VAAxF/xOi2+m2Yd8GhIOMXi6Jd+tWEYRGCC5kVmOAiK0
ZbTGkpekoDCyiQ8PHGcrB2h1nKCjUzBRMB0GA1UdDgQWBBRo90UBbeWjuH56oC9i
FRH7i0VHnDAfBgNVHSMEGDAWgBRo90UBbeWjuH56oC9iFRH7i0VHnDAPBgNVHRMB
Af8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIH4mUHWBCjBCwSQxMsntVfUjCqV9
ZPDEN0QgyT3VDcmzAiEAh/stcRSCB815deRgFQkN2Z8YmvKgmbf5wrjGwbHL3Y8=
-----END CERTIFICATE-----
`,
  'utf8mb4',
  'utf8mb4_general_ci',
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJz0TuWnZVkFsVrPWq3bAqf0zYhI8b9eFZ2m8uJqkQxR caseN',
];

/** Texts that this schema takes. @throws {Error} when none is known: add one to the list. */
function benignTexts(schema: z.ZodType, n = 1): readonly [string, ...string[]] {
  const [first, ...others] = BENIGN.map((text) => text.replace('caseN', `case${n}`)).filter(
    (text) => schema.safeParse(text).success,
  );
  if (first === undefined) throw new Error('No text is known that this schema takes: add one to BENIGN.');
  return [first, ...others];
}

function benign(schema: z.ZodType, n = 1): string {
  return benignTexts(schema, n)[0];
}

/**
 * Every place of a recipe that takes text.
 * @param works whether valid inputs come to something, where the recipe refuses more than its schema does
 * @throws {Error} for a schema that this file does not know yet
 */
export function textInputs(inputs: z.ZodObject, works: Works = () => true): readonly TextInput[] {
  return sites(inputs).map(({ label, build, schema }) => ({
    label: label.replace(/^\./, ''),
    ...fitting(inputs, { label, schema, build }, works),
  }));
}

/** What stands beside a text. */
interface Around {
  /** Of what may be left out, this is there. */
  readonly has: (key: string) => boolean;
  readonly n: number;
}

type Works = (inputs: Readonly<Record<string, unknown>>) => boolean;

interface Site {
  readonly label: string;
  readonly schema: z.ZodType;
  readonly build: (value: string, around: Around) => unknown;
}

/** Without what may be left out, with a part of it, or all but a part, or with two of them: whatever works first. */
function fitting(
  inputs: z.ZodObject,
  { label, schema, build }: Site,
  works: Works,
): Pick<TextInput, 'usual' | 'build'> {
  const optional = [...optionalKeys(inputs)];
  const choices: readonly Around['has'][] = [
    () => false,
    ...optional.map((one) => (key: string) => key === one),
    () => true,
    ...optional.map((one) => (key: string) => key !== one),
    ...optional.flatMap((one) => optional.map((other) => (key: string) => key === one || key === other)),
  ];
  for (const has of choices)
    for (const usual of benignTexts(schema)) {
      const parsed = inputs.safeParse(build(usual, { has, n: 1 }));
      if (!parsed.success || !works(parsed.data)) continue;
      return { usual, build: (value, n) => build(value, { has, n }) as Readonly<Record<string, unknown>> };
    }
  throw new Error(`No valid inputs could be made around a text in ${label}.`);
}

/** Names of everything that may be left out, however deep. */
function optionalKeys(schema: z.ZodType): ReadonlySet<string> {
  const { def } = schema as unknown as { def: Def };
  const inner = [def.innerType, def.in, def.element, def.valueType, ...(def.options ?? [])];
  const own = Object.entries(def.shape ?? {});
  return new Set([
    ...own.filter(([, part]) => part.safeParse(undefined).success).map(([key]) => key),
    ...[...inner, ...own.map(([, part]) => part)].flatMap((part) => (part ? [...optionalKeys(part)] : [])),
  ]);
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
      .filter(([key, schema]) => around.has(key) || !schema.safeParse(undefined).success)
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
