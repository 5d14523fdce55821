import { findLan } from '../../src/compose/lan.ts';
import { defineRecipe, type RecipeParts } from '../../src/compose/recipe.ts';
import { familyOf } from '../../src/facts/address.ts';
import { rulesPath, tableName } from '../../src/resources/nft-table/files.ts';
import { kind as nftTable } from '../../src/resources/nft-table.ts';
import { kind as packages } from '../../src/resources/package.ts';
import { kind as sysctl } from '../../src/resources/sysctl.ts';
import { kind as ufwRoute } from '../../src/resources/ufw-route.ts';
import { type ForwardContext, type ForwardRule, inputs } from './inputs.ts';
import { notesOf, refuse } from './refuse.ts';
import { linesOf } from './table.ts';

export default defineRecipe({
  title: 'Port forwarding',
  summary: 'Passes ports of this host on to other machines of the network, or to containers.',
  inputs,

  endpoints: ({ input }) =>
    input.rules.map(({ protocol, port, lastPort }) => ({
      name: `${protocol}-${port}`,
      protocol,
      port,
      ...(lastPort === undefined || lastPort === port ? {} : { lastPort }),
      ...(protocol === 'tcp' && (lastPort ?? port) === port ? { prove: { probe: 'tcp' } } : {}),
    })),

  resources(context) {
    refuse(context);
    const { role, host, input, template, facts, network } = context;
    const name = `forward-${role}`;
    const table = tableName(name);
    const docker = facts.firewall.docker ? dockerRules(context) : [];
    return {
      resources: [
        packages.of({ name: 'nftables' }),
        ...forwarding(context),
        ...(facts.firewall.ufw.state === 'active' ? input.rules.map((rule) => throughUfw(role, rule)) : []),
        nftTable.of({
          name,
          rules: template('forward.nft', {
            host,
            role,
            table,
            lines: linesOf(context, findLan(facts.network, network)),
          }),
          unit: template('forward.service', {
            role,
            table,
            file: rulesPath(name),
            docker: facts.firewall.docker ? input.rules.map(unitRule) : [],
          }),
          docker,
        }),
      ],
      notes: notesOf(context),
    };
  },
});

/** ufw refuses what is passed on, unless told to let it through. Who may connect is for our own table to say. */
function throughUfw(role: string, { to, protocol, port, lastPort = port, toPort = port }: ForwardRule) {
  const last = toPort + lastPort - port;
  return ufwRoute.of({
    ...{ to, protocol, port: toPort, why: `forward ${role}` },
    ...(last === toPort ? {} : { lastPort: last }),
  });
}

/** The kernel passes packets on only when told so. */
function forwarding({ input, facts }: ForwardContext): RecipeParts['resources'] {
  const families = new Set(input.rules.map(({ to }) => familyOf(to)));
  const { main } = facts.network;
  // A kernel that is a router takes no addresses from others, unless told to. networkd and NetworkManager do that themselves.
  const byKernel = main && (main.manager === 'ifupdown' || main.manager === 'unknown');
  return [
    ...(families.has(4) ? [sysctl.of({ key: 'net.ipv4.ip_forward', value: 1 })] : []),
    ...(families.has(6)
      ? [
          ...(byKernel
            ? [
                sysctl.of(
                  { key: `net.ipv6.conf.${main.name.replaceAll('.', '/')}.accept_ra`, value: 2 },
                  { guarded: true },
                ),
              ]
            : []),
          sysctl.of({ key: 'net.ipv6.conf.all.forwarding', value: 1 }, { guarded: true }),
        ]
      : []),
  ];
}

/** Both directions of what this role passes on: iptables-extensions(8), conntrack. */
function dockerRules({ input }: ForwardContext) {
  return input.rules.map(({ to, protocol, port, lastPort = port }) => ({
    family: familyOf(to) ?? 4,
    words: [
      ...['-p', protocol, '-m', 'conntrack', '--ctstate', 'DNAT'],
      ...['--ctorigdstport', lastPort === port ? `${port}` : `${port}:${lastPort}`, '-j', 'ACCEPT'],
    ],
  }));
}

function unitRule({ to, protocol, port, lastPort = port }: ForwardRule) {
  const program = familyOf(to) === 6 ? 'ip6tables' : 'iptables';
  return { program, protocol, port, lastPort: lastPort === port ? '' : lastPort };
}
