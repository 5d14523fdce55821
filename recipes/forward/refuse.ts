import { findLan } from '../../src/compose/lan.ts';
import { overlaps, portText } from '../../src/compose/port-range.ts';
import type { PlanNote } from '../../src/compose/recipe.ts';
import { HostError, type Problem, UserError } from '../../src/errors.ts';
import { canonicalAddress, inNetwork, isLinkLocal, isLoopback, networkOf } from '../../src/facts/address.ts';
import type { ForwardContext, ForwardRule } from './inputs.ts';

/** @throws {UserError} for ports that are taken, and for targets that cannot be; {HostError} beside some firewalls */
export function refuse(context: ForwardContext): void {
  const { input, facts } = context;
  const problems = input.rules.flatMap((rule) => problemsOf(rule, context));
  if (problems.length > 0) throw new UserError(problems);
  const [first] = facts.firewall.forwardFilters;
  // Two ports may lead to the same one.
  const lines = [...new Set(input.rules.map((rule) => `    ${nftLine(rule)}`))].join('\n');
  if (facts.firewall.firewalld.running)
    throw new HostError(
      'firewalld refuses what this host passes on, and hostwright makes no such rules in it.',
      {
        hint: `Forward with firewalld itself instead of the role (firewall-cmd --add-forward-port), what would be in nft's words:\n${lines}`,
      },
    );
  if (first)
    throw new HostError(
      `A firewall made by hand refuses what this host passes on (chain ${first.chain} of table ${first.family} ${first.table}: ${first.because}).`,
      {
        hint: `hostwright does not edit it. Take the role out and forward there yourself, with these lines in that chain:\n${lines}\n    ct state established,related accept`,
      },
    );
}

function nftLine({ port, lastPort = port, toPort = port, to, protocol }: ForwardRule): string {
  const ports = portText({ port: toPort, lastPort: toPort + lastPort - port });
  return `${to.includes(':') ? 'ip6' : 'ip'} daddr ${to} ${protocol} dport ${ports} ct status dnat accept`;
}

function problemsOf(rule: ForwardRule, { facts }: ForwardContext): readonly Problem[] {
  const { port, lastPort = port, protocol, to } = rule;
  const range = { port, lastPort };
  const name = `Port ${portText(range)} (${protocol})`;
  const target = canonicalAddress(to);
  const own = facts.network.interfaces.some(({ addresses }) =>
    addresses.some(({ address }) => address === target),
  );
  const holder = facts.listeners.find(
    (one) => one.protocol === protocol && !one.loopbackOnly && overlaps({ port: one.port }, range),
  );
  if (protocol === 'tcp' && facts.ssh.ports.some((ssh) => overlaps({ port: ssh }, range)))
    return [
      { message: `${name} is that of ssh: passing it on would lock you out.`, hint: 'Take another one.' },
    ];
  if (isLoopback(target) || own)
    return [
      {
        message: `${to} is this host itself: there is nothing to pass on.`,
        hint: 'Let the service listen on the port that others connect to; for web pages there is the recipe proxy.',
      },
    ];
  if (
    isLinkLocal(target) ||
    inNetwork(target, '0.0.0.0/8') ||
    inNetwork(target, '224.0.0.0/3') ||
    target === '::' ||
    inNetwork(target, 'ff00::/8')
  )
    return [
      {
        message: `${to} is no address of a single machine.`,
        hint: 'Name the one that it has in its network.',
      },
    ];
  if (holder)
    return [
      {
        message: `${name} is taken on the host: ${holder.process === '' ? 'something' : holder.process} listens there (${holder.address}).`,
        hint: 'Give the rule another port, or stop what listens first.',
      },
    ];
  return [];
}

/** What a person should know of the targets. */
export function notesOf({
  input,
  expose,
  facts,
  network,
}: ForwardContext): readonly Omit<PlanNote, 'role'>[] {
  const lan = findLan(facts.network, network);
  const near = facts.network.interfaces.flatMap(({ addresses }) =>
    addresses.flatMap(({ address, prefixLength }) => networkOf(address, prefixLength) ?? []),
  );
  const far = [...new Set(input.rules.map(({ to }) => to))].filter(
    (to) => ![...near, ...lan.prefixes, ...lan.ranges].some((net) => inNetwork(to, net)),
  );
  return [
    { level: 'info', text: 'The targets see the address of this host, not that of who connects.' },
    ...(expose === 'lan' && input.rules.some(({ to }) => to.includes(':'))
      ? [
          {
            level: 'info' as const,
            text: 'By IPv6, the LAN is the networks of now: after the provider has given the house others, apply again.',
          },
        ]
      : []),
    ...far.map((to) => ({
      level: 'warning' as const,
      text: `${to} is in no network of this host: whatever is sent there leaves it by the router. Is the address right?`,
    })),
  ];
}
