import { z } from 'zod';
import { oneLine } from '../../src/compose/inputs.ts';
import { ipv4, ipv6, owner, pointed, ttl } from './fields.ts';

const small = () => z.number().int().min(0).max(65_535, 'the highest number here is 65535');

const ownerHelp = { help: 'Within the zone: www, or @ for the zone itself, or * for every other name.' };

const common = {
  name: owner().meta(ownerHelp),
  ttl: ttl().optional().meta({ help: 'Seconds that others may keep it; left out: as the zone says.' }),
  view: z
    .enum(['both', 'internal', 'external'])
    .default('both')
    .meta({ help: 'Who gets it of a public zone: everybody, only your network, or only the internet.' }),
};

/** What named refuses otherwise (check-names; RFC 1123 §2.1). */
const ofHost = {
  ...common,
  name: owner()
    .refine((text) => !text.includes('_'), 'the name of a machine has no underscore: letters, digits and -')
    .meta(ownerHelp),
};

const type = <Name extends string>(name: Name) =>
  z.literal(name).meta({ help: 'What kind of record it is (RFC 1035).' });
const addressValue = { help: 'A, AAAA: the address.' };
const nameValue = () =>
  pointed().meta({
    help: 'CNAME, NS, PTR, MX, SRV: the name that it leads to. One with a dot is a full name (mail.example.org), one without is of the zone.',
  });
const textValue = { help: 'TXT, CAA: the text.' };
const priority = (usual: number) =>
  small()
    .default(usual)
    .meta({ help: 'MX, SRV: the lowest is tried first. Left out: 10 for MX, 0 for SRV.' });

/** What a host file may put into a zone. Names with a dot in them are full names, others are of the zone. */
export const record = z.discriminatedUnion('type', [
  z.strictObject({ ...ofHost, type: type('A'), value: ipv4().meta(addressValue) }),
  z.strictObject({ ...ofHost, type: type('AAAA'), value: ipv6().meta(addressValue) }),
  z.strictObject({ ...common, type: type('CNAME'), value: nameValue() }),
  z.strictObject({ ...common, type: type('NS'), value: nameValue() }),
  z.strictObject({ ...common, type: type('PTR'), value: nameValue() }),
  z.strictObject({ ...ofHost, type: type('MX'), priority: priority(10), value: nameValue() }),
  z.strictObject({ ...common, type: type('TXT'), value: oneLine().max(4000).meta(textValue) }),
  z.strictObject({
    ...common,
    type: type('SRV'),
    priority: priority(0),
    weight: small().default(0).meta({ help: 'SRV: the share of this one among those of equal priority.' }),
    port: small().meta({ help: 'SRV: the port of the service.' }),
    value: nameValue(),
  }),
  z.strictObject({
    ...common,
    type: type('CAA'),
    tag: z
      .enum(['issue', 'issuewild', 'iodef'])
      .default('issue')
      .meta({ help: 'CAA: what the text is about (RFC 8659).' }),
    value: oneLine().max(250).meta(textValue),
  }),
]);

export type DnsRecord = z.output<typeof record>;

/** A line of a zone file: owner, seconds, type, and what it says, as RFC 1035 §5 writes it. */
export interface Line {
  readonly name: string;
  readonly ttl?: number | undefined;
  readonly type: string;
  readonly data: string;
}

/** A record as a line of its zone's file. Pure. */
export function lineOf(entry: DnsRecord): Line {
  return { name: entry.name, ttl: entry.ttl, type: entry.type, data: dataOf(entry) };
}

function dataOf(entry: DnsRecord): string {
  switch (entry.type) {
    case 'A':
    case 'AAAA':
      return entry.value;
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return target(entry.value);
    case 'MX':
      return `${entry.priority} ${target(entry.value)}`;
    case 'SRV':
      return `${entry.priority} ${entry.weight} ${entry.port} ${target(entry.value)}`;
    case 'TXT':
      return quoted(entry.value);
    case 'CAA':
      return `0 ${entry.tag} ${quoted(entry.value)}`;
  }
}

/** A full name ends in a dot there; one without would get the zone's name appended. */
export function target(name: string): string {
  return name.includes('.') ? `${name}.` : name;
}

/** Strings of at most 255 bytes (RFC 1035 §3.3), what is not plain ASCII as \DDD. */
function quoted(text: string): string {
  const bytes = [...Buffer.from(text)];
  const parts = Array.from({ length: Math.max(1, Math.ceil(bytes.length / 255)) }, (_, index) =>
    bytes.slice(index * 255, (index + 1) * 255),
  );
  return parts.map((part) => `"${part.map(character).join('')}"`).join(' ');
}

function character(byte: number): string {
  if (byte < 32 || byte > 126) return `\\${String(byte).padStart(3, '0')}`;
  const text = String.fromCharCode(byte);
  return text === '"' || text === '\\' ? `\\${text}` : text;
}
