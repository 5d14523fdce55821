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
      help: 'Keys by which programs may change records (nsupdate). What they write is kept: the host file gives such a zone its first records only.',
    }),
    transfer: z.array(keyName()).default([]).meta({
      help: 'Keys by which other servers may fetch the whole zone.',
    }),
    notify: z.array(address()).default([]).meta({ help: 'Servers that are told of each change.' }),
    primaries: z.array(address()).default([]).meta({
      help: 'Servers that this zone is fetched from: then this host is a secondary, and the zone has no records here.',
    }),
    key: keyName().optional().meta({ help: 'The key for fetching it from there.' }),
  })
  .check(({ value, issues }) => {
    const wrong = (path: string, message: string): void => {
      issues.push({ code: 'custom', input: value, path: [path], message });
    };
    if (value.primaries.length > 0) {
      for (const key of ['records', 'nameservers', 'update'] as const)
        if (value[key].length > 0)
          wrong(key, 'this zone is fetched from its primaries: what is in it is written there');
      if (value.key === undefined)
        wrong('primaries', 'name the key that its primaries ask for: key: NAME, its value in the vault');
    } else if (value.key !== undefined) wrong('key', 'a key to fetch the zone with needs primaries');
    const aliases = new Set(value.records.filter(({ type }) => type === 'CNAME').map(({ name }) => name));
    for (const [index, { name, type }] of value.records.entries()) {
      const second = value.records.some(
        (other, at) => at !== index && other.name === name && apart(value.records[index], other) === false,
      );
      if (type === 'CNAME' && (name === '@' || second))
        wrong('records', `${name} is an alias (CNAME), so nothing else can be said of it (RFC 1034 §3.6.2)`);
      else if (
        aliases.size > 0 &&
        value.nameservers.some((server) => server === `${name}.${value.name}`) &&
        type === 'CNAME'
      )
        wrong('nameservers', `${name}.${value.name} is an alias: a name server needs an address of its own`);
    }
  });

function apart(one: { readonly view: string } | undefined, other: { readonly view: string }): boolean {
  return one !== undefined && one.view !== 'both' && other.view !== 'both' && one.view !== other.view;
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
    reverse: z.boolean().default(true).meta({ help: 'Also from the addresses of your network to names.' }),
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
