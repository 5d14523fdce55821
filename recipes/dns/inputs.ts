import { z } from 'zod';
import { domain } from '../../src/compose/inputs.ts';
import type { RecipeContext } from '../../src/compose/recipe.ts';
import { address, keyName, ttl } from './fields.ts';
import { record } from './records.ts';

const zone = z
  .strictObject({
    name: domain('the name of a zone', 'home.arpa').meta({ help: 'What all its names end in.' }),
    records: z.array(record).default([]).meta({
      help: 'What it says. The names of this host and of its roles are added by themselves.',
    }),
    ttl: ttl().default(3600).meta({ help: 'Seconds that others may keep what they were told.' }),
    nameservers: z
      .array(domain())
      .default([])
      .meta({
        help: 'Servers that answer for it, in full. Left out: this host.',
        example: ['ns1.example.org'],
      }),
    public: z.boolean().default(false).meta({
      help: 'The internet gets answers too, when the role is exposed to it. Addresses of your network are never among them.',
    }),
    update: z.array(keyName()).default([]).meta({
      help: 'Names of keys (TSIG) by which programs may change records (nsupdate). What they write is kept: the host file gives such a zone its first records only.',
    }),
    transfer: z.array(keyName()).default([]).meta({
      help: 'Names of keys (TSIG) by which other servers may fetch the whole zone.',
    }),
    notify: z.array(address()).default([]).meta({ help: 'Servers that are told of each change.' }),
    primaries: z
      .array(
        z.strictObject({
          address: address().meta({ help: 'The address of the server that has the zone.' }),
          port: z.number().int().min(1).max(65_535).default(53).meta({ help: 'Where it answers.' }),
          key: keyName().meta({ help: 'The key that it asks for; its value is in the vault.' }),
        }),
      )
      .default([])
      .meta({
        help: 'Servers that this zone is fetched from: then this host is a secondary, and the zone has no records here.',
        example: [{ address: '192.0.2.1', key: 'second' }],
      }),
  })
  .check(({ value, issues }) => {
    const wrong = (path: string, message: string): void => {
      issues.push({ code: 'custom', input: value, path: [path], message });
    };
    if (value.primaries.length > 0) {
      for (const key of ['records', 'nameservers', 'update'] as const)
        if (value[key].length > 0)
          wrong(key, 'this zone is fetched from its primaries: what is in it is written there');
    }
    if (value.update.length > 0 && value.records.some(({ view }) => view !== 'both'))
      wrong('records', 'a zone that programs change says the same to everybody: leave out view');
    for (const [index, entry] of value.records.entries()) {
      if (entry.type !== 'CNAME') continue;
      const others = value.records.some(
        (other, at) => at !== index && other.name === entry.name && areSeenTogether(entry, other),
      );
      if (entry.name === '@' || others)
        wrong(
          'records',
          `${entry.name} is an alias (CNAME), so nothing else can be said of it (RFC 1034 §3.6.2)`,
        );
    }
  });

interface Seen {
  readonly view: string;
}

function areSeenTogether(one: Seen, other: Seen): boolean {
  return one.view === 'both' || other.view === 'both' || one.view === other.view;
}

export const inputs = z
  .strictObject({
    zones: z
      .array(zone)
      .default([])
      .meta({
        help: 'Names that this host answers for. home.arpa is meant for homes (RFC 8375).',
        example: [{ name: 'home.arpa' }],
      }),
    resolve: z.boolean().default(true).meta({
      help: 'Looks up every other name for the machines of your network, and checks the signatures (DNSSEC).',
    }),
    forwarders: z
      .array(address())
      .default([])
      .meta({
        help: 'Servers that are asked for it. Left out: the servers that each name belongs to, from the root on.',
        example: ['192.168.1.1'],
      }),
    unsigned: z
      .array(domain())
      .default([])
      .meta({
        help: 'Names that forwarders make up without signatures, such as those of a company network.',
        example: ['corp.example'],
      }),
    reverse: z
      .boolean()
      .default(true)
      .meta({ help: 'Also from the addresses of your network (IPv4) to names.' }),
  })
  .check(({ value, issues }) => {
    for (const [index, { name }] of value.zones.entries()) {
      if (value.zones.findIndex((other) => other.name === name) === index) continue;
      const message = `the zone ${name} is here twice`;
      issues.push({ code: 'custom', input: value.zones, path: ['zones', index, 'name'], message });
    }
    if (!value.resolve && value.forwarders.length > 0) {
      const message = 'servers to ask for other names are of no use with resolve: false';
      issues.push({ code: 'custom', input: value.forwarders, path: ['forwarders'], message });
    }
  });

export type DnsInput = z.output<typeof inputs>;
export type ZoneInput = DnsInput['zones'][number];
export type DnsContext = RecipeContext<DnsInput>;
