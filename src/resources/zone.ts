import { domainToASCII } from 'node:url';
import { z } from 'zod';
import { absolutePath, domain, fileMode } from '../compose/inputs.ts';
import { HostError } from '../errors.ts';
import { textDiff } from '../plan/text-diff.ts';
import { decide, showMetadata } from './file/decide.ts';
import type { FileState } from './file/observe.ts';
import { type DiffContext, type Difference, defineKind } from './kind.ts';
import { accountName } from './shared/account.ts';
import { observeZones, parseZones } from './zone/observe.ts';
import { hasSerialLine, withoutSerial } from './zone/serial.ts';
import { firstStep, writtenStep } from './zone/step.ts';

const schema = z.strictObject({
  name: zoneName(),
  path: absolutePath(),
  /** A zone file (RFC 1035 §5) with the serial on a line of its own: `0 ; serial`. The host puts the number there. */
  content: z
    .string()
    .refine(hasSerialLine, 'a zone has one line such as "0 ; serial", into which its serial is written')
    .refine(
      (text) => withoutSerial(Buffer.from(text)).equals(Buffer.from(text)),
      'the serial is written as 0',
    ),
  mode: fileMode().default('0644'),
  owner: accountName().default('root'),
  group: accountName().default('bind'),
  /** Programs change it while it is served: it is written once, and never again. */
  dynamic: z.boolean().default(false),
});

/** A domain, also one below a label of its own kind such as `_acme-challenge` (RFC 8552). */
function zoneName() {
  const plain = domain('the name of a zone', 'home.arpa');
  const bare = (name: string): string => name.replace(/^_(?=[a-z0-9-]+\.)/, '');
  return z
    .string()
    .check(({ value, issues }) => {
      const read = plain.safeParse(bare(value));
      for (const issue of read.error?.issues ?? [])
        issues.push({ code: 'custom', input: value, message: issue.message });
    })
    .overwrite((name) => `${bare(name) === name ? '' : '_'}${domainToASCII(bare(name))}`);
}

export type ZoneSpec = z.output<typeof schema>;

/** A zone of the domain name system: its records are compared without the serial, which rises when they change. */
export const kind = defineKind({
  name: 'zone',
  describe: 'A zone file of BIND; its serial rises exactly when its records change.',
  schema,
  key: ({ path }) => path,

  observe: observeZones,
  parse: parseZones,

  diff: (spec, state, context): Difference | undefined => {
    if (state.type === 'other' && state.description === 'directory') {
      throw new HostError(`${spec.path} is a directory: hostwright does not put a zone in its place.`, {
        hint: 'Move it away by hand.',
      });
    }
    if (spec.dynamic) {
      return state.type === 'absent'
        ? { action: 'create', summary: `write the first records of ${spec.name}; updates go on from there` }
        : undefined;
    }
    return difference(spec, state, context);
  },

  step: (spec, state, context = { adopted: true }) =>
    spec.dynamic ? firstStep(spec) : writtenStep(spec, state, decide(spec, state, context)),

  drift: (spec, state, context) => {
    if (spec.dynamic) return undefined;
    const decision = decide(spec, state, context);
    return decision.do === 'leave' ? decision.edit : undefined;
  },
});

function difference(spec: ZoneSpec, state: FileState, context: DiffContext): Difference | undefined {
  const decision = decide(spec, state, context);
  if (decision.do === 'nothing' || decision.do === 'leave') return undefined;
  if (decision.do === 'settle')
    return { action: 'update', summary: 'keep the edit made by hand, from now on', settles: true };
  const { target, merged, foreign, conflict, marked } = decision;
  const before = state.type === 'absent' ? undefined : (state.content ?? null);
  return {
    action: state.type === 'absent' ? 'create' : 'update',
    summary: summary(spec, state, { ...target, merged }),
    ...(state.type === 'other' ? {} : { diff: textDiff(before, marked ?? target.content) }),
    ...(conflict ? { conflict } : {}),
    ...(marked ? { marked: marked.toString() } : {}),
    ...(foreign ? { touchesForeign: true } : {}),
  };
}

function summary(
  { name }: ZoneSpec,
  state: FileState,
  target: Parameters<typeof showMetadata>[0] & { readonly content: Buffer; readonly merged: boolean },
): string {
  if (state.type === 'absent') return `write the zone ${name}`;
  if (state.type === 'other') return `replace the ${state.description} there by the zone ${name}`;
  if (state.content?.equals(target.content))
    return `set ${showMetadata(target)} (was ${showMetadata(state)})`;
  return `change the records of ${name}${target.merged ? ', and keep what was edited by hand' : ''}`;
}
