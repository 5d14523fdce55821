import { z } from 'zod';
import { domain } from '../compose/inputs.ts';
import { canonicalAddress } from '../facts/address.ts';
import { assess, type Finding, looksOurs } from './certificate/assess.ts';
import { type CertificateState, observeCertificates, parseCertificates } from './certificate/observe.ts';
import { certificateStep, rememberedLine } from './certificate/step.ts';
import { type DiffContext, type Difference, defineKind } from './kind.ts';
import { accountName } from './shared/account.ts';

/**
 * Where a certificate comes from. `acme`: the agent gets it and root's script puts it there; what is made here stands in
 * until then, so that the service starts.
 */
const source = z.enum(['self-signed', 'acme']);

/** Every name one level below a domain. */
const wildcard = z
  .string()
  .startsWith('*.')
  .refine((name) => domain().safeParse(name.slice(2)).success, '*. and a domain');

const schema = z.strictObject({
  /** Of its folder below /etc/ssl/hostwright. */
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'small letters, digits, . _ and -, at most 64'),
  source,
  /** Host names and addresses that it is for; the first is its common name. */
  names: z
    .array(z.union([z.ipv4(), z.ipv6().overwrite(canonicalAddress), domain(), wildcard]))
    .min(1, 'a certificate needs a name')
    .max(100, 'a certificate has at most 100 names')
    .overwrite((names) => [...new Set(names)]),
  /** Whose the key is; the group may read it. */
  owner: accountName().default('root'),
  group: accountName().default('root'),
});

export type CertificateSpec = z.output<typeof schema>;

/** A certificate and its key, which is made on the host and never leaves it. */
export const kind = defineKind({
  name: 'certificate',
  describe: 'A certificate and its private key, which is made on the host and never leaves it.',
  schema,
  key: ({ name }) => name,

  observe: (specs) => observeCertificates(specs.map(({ name }) => name)),
  parse: (output, specs) =>
    parseCertificates(
      output,
      specs.map(({ name }) => name),
    ),

  diff(spec, state, context): Difference | undefined {
    const finding = assess(spec, state);
    if (!finding) return undefined;
    const isNew = state.certificate.type === 'absent' && state.key.type === 'absent';
    return {
      action: isNew ? 'create' : 'update',
      summary: summary(spec, finding, isNew),
      ...(isNew ? {} : conflictOf(spec, state, finding, context)),
    };
  },

  step: (spec, state) => certificateStep(spec, state, assess(spec, state)),
});

function summary({ names }: CertificateSpec, { reason, key, metadata }: Finding, isNew: boolean): string {
  if (isNew) return `make a key and a certificate for ${names.join(', ')}`;
  if (reason === undefined) return metadata.join(', ');
  const what = key === 'new' ? 'make a new key and certificate' : 'make a new certificate with the same key';
  return [`${what} for ${names.join(', ')}: ${reason}`, ...metadata].join('; ');
}

function conflictOf(
  spec: CertificateSpec,
  state: CertificateState,
  { reason }: Finding,
  { remembered, adopted }: DiffContext,
): Pick<Difference, 'conflict' | 'touchesForeign'> {
  if (remembered === undefined) return { touchesForeign: true, ...(adopted ? {} : { conflict: 'adopt' }) };
  // A pair that works and that we would never have made: somebody has put a certificate of his own there.
  const isTheirs = reason !== undefined && !looksOurs(state, [remembered, rememberedLine(spec)]);
  return isTheirs ? { conflict: 'edited' } : {};
}
