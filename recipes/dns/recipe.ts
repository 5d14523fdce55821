import { defineRecipe, type PlanNote } from '../../src/compose/recipe.ts';
import { UserError } from '../../src/errors.ts';
import { kind as directory } from '../../src/resources/directory.ts';
import { kind as file } from '../../src/resources/file.ts';
import { kind as packageKind } from '../../src/resources/package.ts';
import { kind as service } from '../../src/resources/service.ts';
import { type Listens, listens } from './access.ts';
import { acmeNotes, isChallengeZone } from './acme.ts';
import { configFiles, firstRecords, keysOf, namedTest, secretOf } from './config.ts';
import { type DnsContext, type DnsInput, inputs } from './inputs.ts';
import { ownAddresses } from './own-names.ts';
import { type ServedZone, servedZones } from './zones.ts';

const DROP_IN = '/etc/systemd/system/named.service.d';

export default defineRecipe({
  title: 'Name server',
  summary: 'Answers for names of your own and looks up all others for your network, with BIND 9.',
  menu: 60,
  inputs,

  endpoints: ({ input }) =>
    (['udp', 'tcp'] as const).map((protocol) => ({
      name: `dns-${protocol}`,
      protocol,
      port: 53,
      prove: { probe: 'dns', with: { zone: provenZone(input) } },
    })),

  resources(context) {
    const { role, template } = context;
    refuseSecond(context);
    const listening = listens(context);
    const zones = servedZones(context);
    return {
      resources: [
        packageKind.of({ name: 'bind9' }),
        directory.of({ path: DROP_IN }),
        file.of(
          { path: `${DROP_IN}/hostwright.conf`, content: template('sandbox.conf', { role }) },
          { notify: [{ service: 'named', action: 'restart' }] },
        ),
        // With the bit that gives its files to the group, as Debian has it on /etc/bind.
        directory.of({ path: '/etc/bind/zones', mode: '2755', group: 'bind' }),
        ...firstRecords(context, zones),
        ...configFiles(context, zones, listening),
        service.of({
          name: 'named',
          validate: namedTest,
          keepsResolving: namesToKeep(context, listening),
          ...(listening.replaced.length > 0 ? { replaces: [...listening.replaced] } : {}),
        }),
      ],
      notes: notesOf(context, zones, listening),
    };
  },
});

/** A zone that answers wherever the role is reached from; BIND always answers for 127.in-addr.arpa (RFC 6303). */
function provenZone({ zones }: DnsInput): string {
  return (zones.find((zone) => zone.public) ?? zones[0])?.name ?? '127.in-addr.arpa';
}

function refuseSecond({ role, siblings, expose, input }: DnsContext): void {
  const [other] = siblings;
  if (other)
    throw new UserError({
      message: `The roles ‘${other.role}’ and ‘${role}’ are both name servers, and a host has one BIND.`,
      hint: 'Put the zones of both into one role.',
    });
  if (expose === 'internet' && !input.zones.some((zone) => zone.public))
    throw new UserError({
      message: `The role ‘${role}’ is exposed to the internet, and has no zone that the internet may see.`,
      hint: 'Add `public: true` to such a zone, or write `expose: lan`.',
    });
}

/** Names that the host itself needs, or that any network knows. Those that resolve before must resolve afterwards. */
function namesToKeep({ facts }: DnsContext, { replaced }: Listens): string[] {
  // What stood in the place of this one knew names of machines; to know them is now for the zones.
  if (replaced.length > 0) return ['deb.debian.org'];
  return [
    'deb.debian.org',
    ...(facts.network.main?.routers ?? []).filter((address) => !address.startsWith('fe80:')),
  ];
}

function notesOf(
  context: DnsContext,
  zones: readonly ServedZone[],
  { left, replaced }: Listens,
): readonly Omit<PlanNote, 'role'>[] {
  const { role, expose, facts } = context;
  const info = (text: string): Omit<PlanNote, 'role'> => ({ level: 'info', text });
  const address = ownAddresses(context).find((one) => !one.includes(':'));
  const { nameservers } = facts.network.resolver;
  const dynamic = (facts.network.main?.addresses ?? []).some((one) => one.address === address && one.dynamic);
  return [
    ...(expose !== 'host' && address
      ? [
          info(
            `Machines of your network use it once the router tells them so: its DHCP server hands out ${address} as DNS server.`,
          ),
        ]
      : []),
    ...(dynamic && address
      ? [
          info(
            `${address} stands in the zones, and the router may give this host another one: let the router keep it for this host.`,
          ),
        ]
      : []),
    ...nameservers
      .filter((one) => ownAddresses(context).includes(one))
      .map((one) =>
        info(
          `The host itself asks ${one}, which is this name server. Before the role is removed, let the router hand out another one: else the host can look up no names.`,
        ),
      ),
    ...(nameservers.length > 0
      ? [
          info(
            `The host itself goes on asking ${nameservers.join(', ')}: how it resolves names is not changed.`,
          ),
        ]
      : []),
    ...replaced.map((unit) =>
      info(
        `${unit} holds port 53 and answers for names now; named takes its place, and names that only ${unit} knew belong into a zone. If the host cannot look up names then, ${unit} is started again.`,
      ),
    ),
    ...left.map(({ process, address: held }) => info(`${process} keeps port 53 of ${held}.`)),
    ...keysOf(zones).map((key) =>
      info(`The key ${key} (hmac-sha256) is in the vault: hostwright secrets show ${role}/${secretOf(key)}`),
    ),
    ...acmeNotes(context),
    ...zones
      .filter(({ kind, name }) => kind === 'dynamic' && !isChallengeZone(name))
      .map(({ name, path }) =>
        info(
          `${name} is changed by programs: its records are in ${path}, and later changes of the host file do not reach it.`,
        ),
      ),
  ];
}
