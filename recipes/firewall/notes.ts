import type { Lan } from '../../src/compose/lan.ts';
import type { ExposedEndpoint, RecipeParts } from '../../src/compose/recipe.ts';
import type { Facts } from '../../src/facts/facts.ts';
import type { Firewall } from '../../src/facts/probes/firewall.ts';
import { type ListeningPort, listeningPorts, type Unlisted } from './listening.ts';
import type { Opening } from './openings.ts';
import { includesPort, meets } from './ports.ts';

type Notes = NonNullable<RecipeParts['notes']>;

/** What counts as LAN, in one line. Our own table follows the networks of the interface; other firewalls have to be told. */
export function lanNotes({ interfaces, prefixes, ranges }: Lan, follows: boolean): Notes {
  const networks = follows ? 'whatever they are at the time' : `now ${prefixes.join(', ')}`;
  const parts = [
    ...(interfaces.length > 0 ? [`the networks on ${interfaces.join(' and ')} (${networks})`] : []),
    ...ranges,
  ];
  const again = !follows && prefixes.some((prefix) => prefix.includes(':') && !/^f[cd]/.test(prefix));
  const hint = again ? ' When your provider gives you another IPv6 prefix, apply again.' : '';
  if (parts.length > 0) return [{ level: 'info', text: `LAN means ${parts.join(', ')}.${hint}` }];
  return [
    {
      level: 'warning',
      text: 'This machine is on no private network, so nobody is "the LAN": what is exposed to the LAN is closed. Name ranges (a VPN, an office) in the host file: network: { lan: [203.0.113.0/24] }.',
    },
  ];
}

/** ssh is never closed to whoever is setting this up. */
export function sshNotes(openings: readonly Opening[], client: string | undefined): Notes {
  const ports = new Set(openings.map(({ port }) => port));
  return [...ports].map((port) => {
    const open = openings.some((opening) => opening.port === port && opening.to === 'anyone');
    const from = client === undefined ? '' : ` and to ${client}, where this connection comes from`;
    const text = open
      ? `tcp ${port} (ssh) stays open to everybody, as before; \`ssh: lan\` under the firewall closes it to others.`
      : `tcp ${port} (ssh) stays open to the LAN${from}.`;
    return { level: 'keep' as const, text };
  });
}

/** Every port that listens and is not named in the host file. */
export function unlistedNotes({ keep, close }: Unlisted, present: boolean): Notes {
  return [
    ...keep.map((port) => ({
      level: 'keep' as const,
      text: `${show(port)} stays open to everybody, as before; \`close: [${number(port)}]\` under the firewall closes it.`,
    })),
    ...close.map((port) => ({
      level: 'close' as const,
      text: port.docker
        ? `${show(port)} is published by Docker, which lets it in before this firewall is asked: publish it on 127.0.0.1 to close it.`
        : `${show(port)} ${present ? 'is' : 'will be'} closed to other machines; \`keep: [${number(port)}]\` under the firewall opens it.`,
      // What Docker lets in is not closed, so nothing could be proven.
      ...(port.docker ? {} : { port: { protocol: port.protocol, port: port.port } }),
    })),
  ];
}

/** Ports of roles on which something was listening before: the role's exposure decides from now on. */
export function takenNotes(facts: Facts, endpoints: readonly ExposedEndpoint[]): Notes {
  if (facts.firewall.ours.present) return [];
  const narrow = endpoints.filter(
    (endpoint) =>
      endpoint.expose !== 'internet' &&
      !endpoints.some((other) => other.expose === 'internet' && meets(other, endpoint)),
  );
  return listeningPorts(facts.listeners).flatMap((port) => {
    const endpoint = narrow.find((candidate) => meets(candidate, port));
    if (!endpoint || includesSsh(facts, port)) return [];
    const whom = endpoint.expose === 'lan' ? 'the LAN' : 'this machine itself';
    return {
      level: 'warning' as const,
      text: `${show(port)} listens already and is open to everybody; from now on only to ${whom}, since the role ${endpoint.role} says so. \`keep: [${number(port)}]\` under the firewall leaves it open.`,
    };
  });
}

/** What address translation takes past every input chain. */
export function forwardedNotes({ forwarded, docker }: Firewall): Notes {
  if (forwarded.length === 0) return [];
  const ports = forwarded.map(({ protocol, port }) => `${protocol} ${port}`).join(', ');
  const who = docker ? 'Docker publishes' : 'Containers or virtual machines get';
  return [
    {
      level: 'info',
      text: `${who} ${ports}: these packets are handed on before any firewall for incoming ones sees them. hostwright leaves those rules alone.`,
    },
  ];
}

/** Inside ufw or firewalld nothing is closed by us: the list says what listens, and what was asked for in vain. */
export function otherFirewallNotes(
  name: string,
  { facts, endpoints }: { readonly facts: Facts; readonly endpoints: readonly ExposedEndpoint[] },
  asked: { readonly ssh: boolean; readonly close: boolean },
): Notes {
  const ports = listeningPorts(facts.listeners).filter(
    (port) => !includesSsh(facts, port) && !includesPort(endpoints, port),
  );
  return [
    ...(asked.ssh
      ? [{ level: 'warning' as const, text: `ssh: lan has no effect here: ${name} decides who reaches ssh.` }]
      : []),
    ...(asked.close
      ? [
          {
            level: 'warning' as const,
            text: `Closing ports has no effect here: delete the rules of ${name} that open them.`,
          },
        ]
      : []),
    ...ports.map((port) => ({ level: 'keep' as const, text: `${show(port)} stays as ${name} has it.` })),
  ];
}

function includesSsh(facts: Facts, port: ListeningPort): boolean {
  return includesPort(
    facts.ssh.ports.map((number) => ({ protocol: 'tcp' as const, port: number })),
    port,
  );
}

/** As the lists of the host file take it. */
function number({ protocol, port }: ListeningPort): string {
  return `${port}/${protocol}`;
}

function show({ protocol, port, process }: ListeningPort): string {
  return `${protocol} ${port}${process === '' ? '' : ` (${process})`}`;
}
