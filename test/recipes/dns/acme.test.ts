import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import recipe from '../../../recipes/dns/recipe.ts';
import { acmeDnsNames, challengeZones, ownDnsChallenge } from '../../../src/compose/acme-zone.ts';
import { compose } from '../../../src/compose/compose.ts';
import type { Exposure, Recipe } from '../../../src/compose/recipe.ts';
import type { Host } from '../../../src/host/host.ts';
import { Secret } from '../../../src/secrets/secret.ts';
import { agentFolder } from '../../fixtures/agent-folder.ts';
import { machine } from '../site/context.ts';

const asking = { tls: { acme: 'letsencrypt', challenge: 'dns', names: ['*.example.org', 'example.net'] } };

/** A role that has names, and asks for certificates by DNS. */
const web: Recipe = {
  title: 'Web',
  summary: 'A role with certificates.',
  inputs: z.looseObject({}),
  names: () => ['example.org'],
  resources: ({ template: _, ...context }) => {
    told.push(ownDnsChallenge(context, ['example.org', '*.example.org']).key.secret.mark);
    return { resources: [] };
  },
};
const told: string[] = [];

function composed(zones: readonly unknown[], expose: Exposure = 'internet') {
  const definition = recipe as unknown as Recipe;
  const templates = ['named.conf', 'options.conf', 'zones.conf', 'zone.db', 'sandbox.conf', 'keys.conf'];
  const at = () => ({ file: 'host.yaml', line: 1 });
  const host: Host = {
    file: 'host.yaml',
    directory: '/home/me',
    name: 'attic',
    connect: { kind: 'lab' } as Host['connect'],
    network: { lan: [] },
    roles: [
      { name: 'web', recipe: 'web', definition: web, expose, input: asking, at },
      { name: 'dns', recipe: 'dns', definition, expose, input: definition.inputs.parse({ zones }), at },
    ],
    folders: new Map([agentFolder]),
    templates: new Map(
      templates.map((name) => [
        `dns/${name}`,
        readFileSync(new URL(`../../../templates/dns/${name}.hbs`, import.meta.url), 'utf8'),
      ]),
    ),
  };
  const { resources, notes } = compose(host, machine(), { closeUnlisted: false });
  const content = (path: string): string => {
    const spec = resources.find(({ resource: { id } }) => id.endsWith(`:${path}`))?.resource.spec as
      | { content?: string | Secret }
      | undefined;
    return spec?.content instanceof Secret ? spec.content.reveal() : (spec?.content ?? '');
  };
  return { content, notes: notes.map(({ text }) => text).join('\n') };
}

const ZONE = {
  name: 'example.org',
  public: true,
  records: [{ name: 'attic', type: 'A', value: '203.0.113.2' }],
};

describe('challenges by DNS', () => {
  it('are looked for at one place for a domain and its wildcard', () => {
    expect(challengeZones(['*.example.org', 'example.org', 'www.example.org'])).toEqual([
      '_acme-challenge.example.org',
      '_acme-challenge.www.example.org',
    ]);
  });

  it('are asked for by what a role says of tls, whatever its recipe', () => {
    const names = ['example.org', 'attic'];
    expect(acmeDnsNames({ input: asking, names })).toEqual(['example.org', '*.example.org', 'example.net']);
    for (const input of [undefined, null, 'text', {}, { tls: 'auto' }, { tls: { challenge: 'http' } }])
      expect(acmeDnsNames({ input, names })).toEqual([]);
    expect(acmeDnsNames({ input: { tls: { challenge: 'dns', names: [1, null] } }, names: [] })).toEqual([]);
  });

  it('have zones of their own, changed by the key that the role’s agent has, and seen by the internet', () => {
    const { content, notes } = composed([ZONE]);
    const config = content('/etc/bind/named.conf.hostwright');
    const [inside = '', outside = ''] = config.split('view "external"');
    expect(inside).toMatch(
      /zone "_acme-challenge\.example\.org" \{\n\ttype primary;[^}]*grant "hostwright-acme" zonesub TXT;/,
    );
    expect(outside).toContain('zone "_acme-challenge.example.org" {\n\tin-view "internal";');
    expect(content('/etc/bind/named.conf.hostwright-keys')).toContain('key "hostwright-acme"');
    expect(content('/var/lib/bind/db._acme-challenge.example.org')).toContain('@\tIN NS attic.example.org.');
    for (const file of ['db.example.org', 'db.example.org.external'])
      expect(content(`/etc/bind/zones/${file}`)).toContain('_acme-challenge\tIN NS attic.example.org.');
    expect(told.at(-1)).toBe('unsaved dns/tsig-hostwright-acme');
    // Somebody else has example.net.
    expect(notes).toContain('add the record ‘_acme-challenge.example.net. NS example.net.’');
    expect(notes).not.toContain('expose: internet');
  });

  it('say so when the internet cannot ask for them', () => {
    const own = { name: 'example.org', update: ['mine'] };
    const { content, notes } = composed([own], 'lan');
    expect(content('/var/lib/bind/db._acme-challenge.example.org')).toContain('NS attic.example.org.');
    expect(notes).toContain('Write expose: internet, unless');
  });

  it('take a name server on the host', () => {
    const none = { role: 'web', others: [], secret: () => new Secret('x', 'mark') };
    expect(() => ownDnsChallenge(none, ['example.org'])).toThrow(/there is none[\s\S]*Add a dns role/);
  });
});
