import type { z } from 'zod';
import type { OwnedResource } from '../../compose/collect.ts';
import { inputMeta, unwrap } from '../../compose/input-meta.ts';
import { HostError, type Problem, UserError } from '../../errors.ts';
import type { Host, Role } from '../../host/host.ts';
import { Secret } from '../../secrets/secret.ts';
import type { SecretSource } from '../../secrets/source.ts';
import { composeOn, keptSecrets } from './composing.ts';
import type { SampleMachine } from './machines.ts';

/** Text that does harm wherever somebody takes it for more than text. */
const PAYLOADS = [
  '$(id)',
  '`id`',
  "'; id; '",
  '"; id; "',
  'x\nid: y',
  '\r\n[Service]\nExecStart=/bin/sh -c id',
  '../../../../etc/cron.d/x',
  '{{constructor.constructor}}',
  '{{{x}}}',
  '}\n}\nserver {',
  '%n%s%i',
  '\\',
  '# x',
  '-rf',
  '\u0000',
  '\u202ex\u2028',
  'x'.repeat(5_000),
] as const;

type Path = readonly (string | number)[];

/**
 * Sends hostile text through every text among the inputs of a role: it must be refused, or stay text.
 * @param file of the case, for messages
 */
export function tryHostile(host: Host, role: Role, machine: SampleMachine, file: string): readonly Problem[] {
  const secrets = keptSecrets();
  const usual = composeOn(host, machine, secrets).resources;
  return texts(role.input).flatMap(({ path, text }): readonly Problem[] => {
    const multiline = takesLines(role.definition.inputs, path);
    for (const payload of PAYLOADS) {
      const found = fate(host, role, machine, secrets, path, payload);
      const why =
        found === undefined
          ? undefined
          : typeof found === 'string'
            ? found
            : harm(usual, found, { text, payload, multiline });
      if (why === undefined) continue;
      return [
        {
          at: { file },
          message: `the input ${path.join('.')}, set to ${JSON.stringify(payload.slice(0, 40))}, ${why}`,
          hint: 'Let the input take less (inputs.oneLine(), .regex(…)), or write it by a helper of a template, which quotes it.',
        },
      ];
    }
    return [];
  });
}

/** The resources with this text in that place; nothing when it is refused; or in words what went wrong. */
function fate(
  host: Host,
  role: Role,
  machine: SampleMachine,
  secrets: SecretSource,
  path: Path,
  payload: string,
): readonly OwnedResource[] | string | undefined {
  const parsed = role.definition.inputs.safeParse(put(role.input, path, payload));
  if (!parsed.success) return undefined;
  const other = { ...role, input: parsed.data };
  try {
    const roles = host.roles.map((each) => (each === role ? other : each));
    return composeOn({ ...host, roles }, machine, secrets).resources;
  } catch (error) {
    if (error instanceof HostError) return undefined;
    if (!(error instanceof UserError)) throw error;
    // Refused by the recipe, a template or a kind; what the recipe throws by itself is told with its place.
    const [{ message } = { message: '' }] = error.problems;
    return message.startsWith('the recipe ‘') && message.includes(' failed in ')
      ? `makes it fail: ${message}`
      : undefined;
  }
}

interface Tried {
  readonly text: string;
  readonly payload: string;
  readonly multiline: boolean;
}

/** In words what hostile text changed besides a value; nothing when it stayed text. */
function harm(
  usual: readonly OwnedResource[],
  hostile: readonly OwnedResource[],
  { text, payload, multiline }: Tried,
): string | undefined {
  for (const [index, { resource }] of hostile.entries()) {
    const spec = resource.spec as { content?: unknown; run?: unknown; unless?: unknown };
    for (const script of [spec.run, spec.unless].flatMap(shellScripts))
      if (script.includes(payload)) return `becomes part of a script of the shell in ${resource.id}`;
    const before = usual[index]?.resource;
    const model = written((before?.spec as { content?: unknown } | undefined)?.content);
    const content = written(spec.content);
    if (content === undefined || model === undefined || before?.kind !== resource.kind) continue;
    if (!multiline && payload.includes('\n') && shape(model) !== shape(content))
      return `writes lines of its own into ${resource.id}`;
    for (const quote of ['"', "'"])
      if (
        payload.includes(quote) &&
        model.includes(quote + text + quote) &&
        content.includes(quote + payload + quote)
      )
        return `ends the quoted text that it stands in, in ${resource.id}`;
  }
  return undefined;
}

/** The text that a file gets, also where it holds secrets: these ones are made for lint alone, and nothing shows it. */
function written(content: unknown): string | undefined {
  if (content instanceof Secret) return content.reveal();
  return typeof content === 'string' ? content : undefined;
}

/** The first word of each line: hostile text may change a value, and nothing else. */
const shape = (content: string): string =>
  content
    .split('\n')
    .map((line) => /^\s*[^\s=:]*/.exec(line)?.[0] ?? '')
    .join('\n');

/** The texts that a command gives to a shell as its program. */
function shellScripts(argv: unknown): readonly string[] {
  if (!Array.isArray(argv)) return [];
  const at = argv.findIndex((word) => /^(?:.*\/)?(?:ba|da)?sh$/.test(String(word)));
  const option = argv.findIndex((word, index) => index > at && /^-[a-z]*c$/.test(String(word)));
  return at >= 0 && option > at ? [String(argv[option + 1] ?? '')] : [];
}

/** Every text among the inputs, with the way to it. */
function texts(value: unknown, path: Path = []): readonly { readonly path: Path; readonly text: string }[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    texts(inner, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

function put(value: unknown, [key, ...rest]: Path, text: string): unknown {
  if (key === undefined) return text;
  if (Array.isArray(value))
    return value.map((inner, index) => (index === key ? put(inner, rest, text) : inner));
  const group = value as Readonly<Record<string, unknown>>;
  return { ...group, [key]: put(group[key], rest, text) };
}

/** Whether the input at this place is text of any number of lines (`inputs.text()`). */
function takesLines(schema: z.core.$ZodType, [key, ...rest]: Path): boolean {
  const { shape, element, valueType } = schema._zod.def as {
    shape?: Readonly<Record<string, z.core.$ZodType>>;
    element?: z.core.$ZodType;
    valueType?: z.core.$ZodType;
  };
  if (key === undefined) return inputMeta(schema).input === 'text';
  const inner = shape?.[key] ?? element ?? valueType;
  if (inner) return takesLines(inner, rest);
  const within = unwrap(schema);
  return within ? takesLines(within, [key, ...rest]) : false;
}
