import { z } from 'zod';
import { Secret } from '../secrets/secret.ts';
import { type AcmeState, observeAcme, parseAcme } from './acme/observe.ts';
import { acmeStep, digestOf } from './acme/step.ts';
import { type Difference, defineKind } from './kind.ts';

const schema = z.strictObject({
  /** The certificate's, as of its folder below /etc/ssl/hostwright. */
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'small letters, digits, . _ and -, at most 64'),
  /** A `CertificateDeclaration` of `src/agent/declared.ts`, as the text of a JSON file. */
  declaration: z.union([z.string(), z.instanceof(Secret)]),
});

export type AcmeSpec = z.output<typeof schema>;

/**
 * A certificate that the agent on the host gets from an authority and renews. An order that fails is no failure of the
 * run: the certificate that is there stays, the agent tries again by itself, and every plan says why it failed.
 */
export const kind = defineKind({
  name: 'acme',
  describe: 'A certificate that the agent on the host gets by ACME, and renews.',
  schema,
  key: ({ name }) => name,

  observe: (specs) => observeAcme(specs.map(({ name }) => name)),
  parse: (output, specs) => parseAcme(output, specs.length),

  diff({ declaration }, state, { remembered }): Difference | undefined {
    if (state.sha256 === digestOf(declaration)) return undefined;
    if (state.sha256 === '') return { action: 'create', summary: 'order the certificate' };
    return {
      action: 'update',
      summary: 'order it as it is declared now',
      ...(remembered === undefined ? { touchesForeign: true } : {}),
    };
  },

  step: (spec, state) => acmeStep(spec, state),

  notes: ({ name }, { verdict }: AcmeState) =>
    verdict?.state === 'failed'
      ? [
          `The certificate of ‘${name}’ was refused: ${verdict.text} (${verdict.detail}) The host tries again by itself; to try now: hostwright certs issue ${name}`,
        ]
      : [],
});
