import { isIPv4, isIPv6 } from 'node:net';
import { z } from 'zod';
import { canonicalAddress } from '../../src/facts/address.ts';

/** Seconds; RFC 2181 §8 allows 31 bits. */
export const ttl = () =>
  z.number().int().min(0).max(2_147_483_647, 'the longest time to live is 2147483647 seconds');

/** An IPv4 or IPv6 address without a zone. */
export const address = () => ip('an address such as 192.0.2.1', (text) => isIPv4(text) || isIPv6(text));
export const ipv4 = () => ip('an IPv4 address such as 192.0.2.1', isIPv4);
export const ipv6 = () => ip('an IPv6 address such as 2001:db8::1', isIPv6);

function ip(what: string, check: (text: string) => boolean) {
  return z
    .string()
    .refine((text) => check(text) && !text.includes('%'), `${what} is expected here`)
    .overwrite(canonicalAddress);
}

/** The name of a TSIG key (RFC 8945): a domain name of one label or more, without underscores. */
export const keyName = () =>
  z
    .string()
    .regex(
      /^[a-z0-9](?:[a-z0-9-]{0,40}[a-z0-9])?$/,
      'the name of a key has small letters, digits and inner hyphens, at most 42',
    );

const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const OWNER = new RegExp(`^(?:@|(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*|\\*)$`);

/** What a record is about, within its zone: `@` for the zone itself, `www`, `_dmarc.mail`, `*`. In lower case. */
export const owner = () =>
  z
    .string()
    .overwrite((text) => text.toLowerCase())
    .refine(
      (text) => text.length <= 200 && OWNER.test(text),
      'the name of a record is @ for the zone itself, * for all others, or a name within the zone such as www',
    );

const POINTED = new RegExp(`^(?:@|${LABEL}(?:\\.${LABEL})*)$`);

/** A name that a record points to: with a dot in full, without one in this zone, `@` for the zone itself. */
export const pointed = () =>
  z
    .string()
    .overwrite((text) => text.toLowerCase())
    .refine(
      (text) => text.length <= 250 && POINTED.test(text),
      'a name is expected here: mail for one in this zone, mail.example.org for any other, without a final dot',
    );
