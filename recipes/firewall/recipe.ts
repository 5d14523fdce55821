import { z } from 'zod';
import { findLan, isInLan, type Lan } from '../../src/compose/lan.ts';
import { defineRecipe, type RecipeContext, type RecipeParts } from '../../src/compose/recipe.ts';
import { HostError, UserError } from '../../src/errors.ts';
import { canonicalAddress, isLoopback } from '../../src/facts/address.ts';
import { KEPT } from '../../src/facts/firewall/kept.ts';
import { kind as ruleset } from '../../src/resources/ruleset.ts';
import { firewalldParts } from './firewalld.ts';
import { decideUnlisted } from './listening.ts';
import { nftablesResources } from './nftables.ts';
import {
  forwardedNotes,
  lanNotes,
  otherFirewallNotes,
  sshNotes,
  takenNotes,
  unlistedNotes,
} from './notes.ts';
import { endpointOpenings, type Opening } from './openings.ts';
import { expandPort, includesPort, meets, type Port, portInput } from './ports.ts';
import { foreignFirewall } from './refuse-foreign.ts';
import { ufwParts } from './ufw.ts';

const inputs = z.strictObject({
  ssh: z
    .enum(['keep', 'lan'])
    .default('keep')
    .meta({ help: 'Who may reach ssh: "keep" leaves it as open as it is, "lan" closes it to others.' }),
  ping: z.boolean().default(true).meta({ help: 'Whether the machine answers pings.' }),
  keep: z
    .array(portInput())
    .default([])
    .meta({
      help: 'Ports that stay open to everybody: 8096, or "8096/tcp" for one protocol.',
      example: [8096],
    }),
  close: z
    .array(portInput())
    .default([])
    .meta({ help: 'Ports that something listens on and that are closed none the less.', example: [111] }),
});

type Input = z.infer<typeof inputs>;

/** Everything that the back ends need, derived from the host file and the facts. */
interface Wanted {
  readonly lan: Lan;
  readonly openings: readonly Opening[];
  readonly close: readonly Port[];
}

export default defineRecipe({
  title: 'Firewall',
  summary: 'Opens the ports of the roles to whom they are exposed and closes the others.',
  menu: 20,
  stage: 'guard',
  exposable: false,
  inputs,
  resources(context) {
    const { firewall, network } = context.facts;
    const wanted = derive(context);
    if (firewall.ufw.state === 'active' && firewall.firewalld.running) throw twoFirewalls();
    if (firewall.ufw.state === 'active') {
      return inside(context, wanted, ufwParts(firewall.ufw, wanted.openings, wanted.lan), 'ufw');
    }
    if (firewall.firewalld.running) {
      const main = network.main?.name;
      const parts = firewalldParts(firewall.firewalld, wanted.openings, { lan: wanted.lan, main });
      return inside(context, wanted, parts, 'firewalld');
    }
    if (firewall.foreign.length > 0) throw foreignFirewall(firewall.foreign, wanted.openings, wanted.lan);
    return ownTable(context, wanted);
  },
});

function derive({ input, endpoints, facts, network }: RecipeContext<Input>): Wanted {
  const keep = input.keep.flatMap(expandPort);
  const close = input.close.flatMap(expandPort);
  const served = endpoints.filter(({ expose }) => expose !== 'host');
  const ssh = facts.ssh.ports.map((port) => ({ protocol: 'tcp' as const, port }));
  const contradictions = close.flatMap((port) => {
    if (includesPort(ssh, port)) return [`close: ${port.port} is the port of ssh, and would lock you out`];
    const role = served.find((endpoint) => meets(endpoint, port))?.role;
    if (role !== undefined) return [`close: ${port.port} is a port of the role ${role}`];
    return includesPort(keep, port) ? [`close: ${port.port} stands in keep as well`] : [];
  });
  if (contradictions.length > 0) {
    throw new UserError(
      [...new Set(contradictions)].map((message) => ({ message, hint: 'Take it out of the list.' })),
    );
  }
  return {
    lan: findLan(facts.network, network),
    openings: [
      ...endpointOpenings(endpoints),
      ...keep.map((port) => ({ ...port, to: 'anyone' as const, why: 'the host file keeps it' })),
    ],
    close,
  };
}

/** Our own table: it is the only firewall, so it also decides about ssh and about what the host file does not name. */
function ownTable(context: RecipeContext<Input>, { lan, openings, close }: Wanted): RecipeParts {
  const { input, facts, endpoints, closeUnlisted } = context;
  const client = outsideClient(context, lan);
  const ssh = sshOpenings(context, client !== undefined);
  const named = [...endpoints, ...ssh, ...input.keep.flatMap(expandPort)];
  const unlisted = decideUnlisted(facts, { named, close, closeUnlisted });
  const kept = unlisted.keep.map(({ protocol, port, process }) => ({
    protocol,
    port,
    to: 'anyone' as const,
    why: process === '' ? KEPT : `${KEPT} ${process}`,
  }));
  return {
    resources: nftablesResources(context, [...openings, ...ssh, ...kept], { lan, client, ping: input.ping }),
    notes: [
      ...lanNotes(lan, true),
      ...sshNotes(ssh, client),
      ...unlistedNotes(unlisted, facts.firewall.ours.present),
      ...takenNotes(facts, endpoints),
      ...forwardedNotes(facts.firewall),
    ],
  };
}

/** Where this connection comes from, if that is neither the LAN nor this machine: the rules have to name it then. */
function outsideClient({ clientAddress }: RecipeContext<Input>, lan: Lan): string | undefined {
  const address = clientAddress === undefined ? undefined : canonicalAddress(clientAddress);
  return address === undefined || isLoopback(address) || isInLan(lan, address) ? undefined : address;
}

/** ssh is as open as it was, which without a firewall is to everybody; never closed to where this connection comes from. */
function sshOpenings({ input, facts }: RecipeContext<Input>, outside: boolean): readonly Opening[] {
  return facts.ssh.ports.flatMap((port): Opening[] => {
    const opening = { protocol: 'tcp' as const, port, why: 'ssh' };
    if (input.ssh === 'keep') return [{ ...opening, to: 'anyone' }];
    return [{ ...opening, to: 'lan' }, ...(outside ? [{ ...opening, to: 'client' as const }] : [])];
  });
}

/** Inside another firewall: our table, if it was there before, goes, for it would drop what the other one lets in. */
function inside(
  context: RecipeContext<Input>,
  { lan, close }: Wanted,
  { resources, notes = [] }: RecipeParts,
  name: string,
): RecipeParts {
  const { input, facts, closeUnlisted } = context;
  const { ours } = facts.firewall;
  const asked = { ssh: input.ssh === 'lan', close: close.length > 0 || closeUnlisted };
  return {
    resources: [...resources, ...(ours.present ? [ruleset.of({ state: 'absent' }, { guarded: true })] : [])],
    notes: [
      ...lanNotes(lan, false),
      ...notes,
      ...otherFirewallNotes(name, context, asked),
      ...forwardedNotes(facts.firewall),
    ],
  };
}

function twoFirewalls(): HostError {
  return new HostError('ufw and firewalld are both active on this machine, and undo each other.', {
    hint: 'Switch one off: `ufw disable`, or `systemctl disable --now firewalld`. Then apply again.',
  });
}
