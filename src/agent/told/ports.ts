/** What the agent on a host tells of router mappings, read as a stranger's: by type, bounded, and safe to print. */
import { z } from 'zod';
import { PROTOCOL_NAMES } from '../../router/names.ts';
import { plainLine } from '../../ui/plain-text.ts';
import type { PortWish } from '../declared.ts';

const text = z.string().transform((value) => plainLine(value.slice(0, 600)));
const port = z.number().int().min(1).max(65_535);
const ipv4 = z.ipv4();

const verdictSchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('mapped'), until: text.optional() }),
  z.object({ state: z.literal('not-needed') }),
  z.object({ state: z.literal('taken'), by: ipv4.optional(), detail: text }),
  z.object({ state: z.literal('refused'), detail: text }),
  z.object({ state: z.literal('no-router'), detail: text }),
]);

const portSchema = z.object({
  role: text,
  name: text,
  protocol: z.enum(['tcp', 'udp']),
  port,
  externalPort: port,
  verdict: verdictSchema,
});

const schema = z.object({
  at: text,
  declared: z.string().regex(/^[0-9a-f]{64}$/),
  router: ipv4.optional(),
  protocol: z.enum(['pcp', 'nat-pmp', 'upnp-igd1', 'upnp-igd2']).optional(),
  address: ipv4.optional(),
  externalAddress: ipv4.optional(),
  ports: z.array(portSchema).max(4096),
});

/** A `PortsState` of `src/agent/declared.ts`. */
export type ToldPorts = z.output<typeof schema>;
export type ToldPort = z.output<typeof portSchema>;

/** Bytes of the state that are read. */
export const MOST_PORTS_STATE = 1_000_000;

/** @returns undefined for whatever is no such state */
export function readToldPorts(json: string): ToldPorts | undefined {
  try {
    return schema.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}

/** What a person has to type into the router: wishes of which the first port is not passed on. Pure. */
export function unmapped(
  wishes: readonly PortWish[],
  { ports }: Pick<ToldPorts, 'ports'>,
): readonly PortWish[] {
  const open = new Set(
    ports
      .filter(({ verdict: { state } }) => state === 'mapped' || state === 'not-needed')
      .map(({ protocol, port: one }) => `${one}/${protocol}`),
  );
  return wishes.filter(({ protocol, port: one }) => !open.has(`${one}/${protocol}`));
}

/** How one port stands, and where it does not, what to do; one sentence or two. Pure. */
export function portSentence(
  { externalPort, protocol, verdict }: Pick<ToldPort, 'externalPort' | 'protocol' | 'verdict'>,
  told: Pick<ToldPorts, 'router' | 'protocol'>,
): string {
  const what = `port ${externalPort}/${protocol}`;
  const router = told.router === undefined ? 'the router' : `the router ${told.router}`;
  switch (verdict.state) {
    case 'mapped':
      return `${router} passes ${what} on${told.protocol === undefined ? '' : ` (${PROTOCOL_NAMES[told.protocol]})`}`;
    case 'not-needed':
      return `${what} needs no router: the host has an address of the internet itself`;
    case 'taken':
      return `${router} passes ${what} on to ${verdict.by ?? 'another machine'} already, and that is left alone: ${verdict.detail} Free it on that machine or on the router’s page, or choose another port.`;
    case 'refused':
      return `${router} refuses to pass ${what} on: ${verdict.detail} Allow it on the router’s page, or type it in there yourself.`;
    case 'no-router':
      return `no router answers that could pass ${what} on: ${verdict.detail} Switch on UPnP, NAT-PMP or PCP on its page, or type the port in there yourself.`;
  }
}
