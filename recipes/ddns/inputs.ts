import { z } from 'zod';
import { domain, port } from '../../src/compose/inputs.ts';
import type { RecipeContext } from '../../src/compose/recipe.ts';

/** Names below that are free, and taken by their token. */
const DUCK = '.duckdns.org';

const byUpdates = z.strictObject({
  server: z.union([z.ipv4(), z.ipv6(), domain()]).optional().meta({
    help: 'A name server that takes signed updates (RFC 2136). Left out: the dns role of this host.',
    example: 'ns1.example.net',
  }),
  port: port().default(53).meta({ help: 'Its port.' }),
  zone: domain()
    .optional()
    .meta({ help: 'The zone to be changed. Left out: it is found by asking the server.' }),
  key: z
    .string()
    .regex(
      /^[a-z0-9](?:[a-z0-9-]{0,40}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,40}[a-z0-9])?){0,5}$/,
      'the name of a key has small letters, digits, inner hyphens and dots',
    )
    .meta({
      help: 'The name of the key for it (TSIG). Its secret is set by hostwright secrets set ROLE/key; that of the dns role of this host is there.',
      example: 'home',
    }),
  algorithm: z
    .enum(['hmac-sha256', 'hmac-sha512'])
    .default('hmac-sha256')
    .meta({ help: 'What the key is for.' }),
  ttl: z
    .int()
    .min(30, 'less than 30 seconds helps nobody')
    .max(86_400, 'the longest here is 86400 seconds, a day')
    .default(60)
    .meta({ help: 'Seconds that others may keep an address.' }),
});

export const inputs = z
  .strictObject({
    names: z
      .array(domain())
      .min(1, 'at least one name is needed')
      .max(20, 'at most 20 names')
      .meta({
        question: 'Which names lead to this host?',
        help: 'In full. They get the address that the internet reaches this host by, again each time it changes.',
        example: ['attic.duckdns.org'],
      }),
    provider: z
      .union([z.literal('duckdns'), byUpdates])
      .default('duckdns')
      .meta({
        help: 'Who has the names: duckdns, whose token is set by hostwright secrets set ROLE/token; or keys that say which name server takes signed updates.',
      }),
    families: z
      .array(z.enum(['ipv4', 'ipv6']))
      .min(1, 'one of ipv4 and ipv6 is needed')
      .default(['ipv4', 'ipv6'])
      .meta({
        help: 'Which kinds of addresses. Of IPv6 it is the lasting one of this host, where it has one.',
        example: ['ipv6'],
      }),
  })
  .check(({ value: { names, provider }, issues }) => {
    const wrong = (path: (string | number)[], message: string): void => {
      issues.push({ code: 'custom', input: names, path, message });
    };
    for (const [index, name] of names.entries()) {
      if (names.indexOf(name) !== index) wrong(['names', index], `${name} is here twice`);
      if (provider === 'duckdns' && !isOfDuck(name))
        wrong(
          ['names', index],
          `${name} is not one of DuckDNS, such as attic.duckdns.org; for a name of your own, say under provider which server has it`,
        );
    }
    const zone = provider === 'duckdns' ? undefined : provider.zone;
    const outside = names.find((name) => zone !== undefined && !`.${name}`.endsWith(`.${zone}`));
    if (outside !== undefined) wrong(['provider', 'zone'], `${outside} is not in the zone ${zone}`);
  });

function isOfDuck(name: string): boolean {
  return name.endsWith(DUCK) && !name.slice(0, -DUCK.length).includes('.');
}

export type DdnsContext = RecipeContext<z.output<typeof inputs>>;
