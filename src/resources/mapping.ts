import { z } from 'zod';
import { portSentence } from '../agent/told/ports.ts';
import { type Difference, defineKind } from './kind.ts';
import { declarationOf } from './mapping/declaration.ts';
import { type MappingState, observeMappings, parseMappings } from './mapping/observe.ts';
import { mappingStep } from './mapping/step.ts';

const port = z.int().min(1).max(65_535);

const schema = z.strictObject({
  /** The role's; its declaration is named after it. */
  role: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'the name of a role'),
  /** `PortWish` of `src/agent/declared.ts`. */
  ports: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(100),
        protocol: z.enum(['tcp', 'udp']),
        port,
        lastPort: port.optional(),
        externalPort: port.optional(),
      }),
    )
    .min(1),
});

export type MappingSpec = z.output<typeof schema>;

/**
 * Ports of a role that the router is to pass on to this host; the agent keeps that up. A router that won't is no failure of
 * the run: every plan says what stands in the way, and what to do.
 */
export const kind = defineKind({
  name: 'mapping',
  describe: 'Ports that the router has to pass on to this host, kept up by the agent.',
  schema,
  key: ({ role }) => role,

  observe: (specs) => observeMappings(specs.map(({ role }) => role)),
  parse: (output, specs) =>
    parseMappings(
      output,
      specs.map(({ role }) => role),
    ),

  diff(spec, { sha256 }, { remembered }): Difference | undefined {
    if (sha256 === declarationOf(spec).sha256) return undefined;
    if (sha256 === '') return { action: 'create', summary: `have the router pass on ${listOf(spec)}` };
    return {
      action: 'update',
      summary: `have the router pass on ${listOf(spec)} now`,
      ...(remembered === undefined ? { touchesForeign: true } : {}),
    };
  },

  step: (spec, state) => mappingStep(spec, state),

  notes(spec, { sha256, told }: MappingState) {
    if (told === undefined || sha256 !== declarationOf(spec).sha256) return [];
    const failed = told.ports.filter(
      ({ verdict: { state } }) => state !== 'mapped' && state !== 'not-needed',
    );
    return [
      ...failed.slice(0, MOST_NOTES).map((one) => `${spec.role}: ${portSentence(one, told)}`),
      ...(failed.length > MOST_NOTES ? [`${spec.role}: and ${failed.length - MOST_NOTES} ports more.`] : []),
      ...(failed.length > 0 ? ['What to type in on the router: hostwright ports list'] : []),
    ];
  },
});

/** Of a range of passive ports that the router won't pass on, a few say it all. */
const MOST_NOTES = 3;

function listOf({ ports }: MappingSpec): string {
  return ports
    .map(
      ({ protocol, port: first, lastPort }) =>
        `${first}${lastPort === undefined ? '' : `-${lastPort}`}/${protocol}`,
    )
    .join(', ');
}
