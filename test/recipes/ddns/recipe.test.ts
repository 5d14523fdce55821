import { describe, expect, it } from 'vitest';
import recipe from '../../../recipes/ddns/recipe.ts';
import { compose } from '../../../src/compose/compose.ts';
import type { Recipe } from '../../../src/compose/recipe.ts';
import type { Host } from '../../../src/host/host.ts';
import { Secret } from '../../../src/secrets/secret.ts';
import { agentFolder } from '../../fixtures/agent-folder.ts';
import { machine } from '../site/context.ts';

const at = () => ({ file: 'host.yaml', line: 1 });
const dns = (input: unknown) => ({
  name: 'names',
  recipe: 'dns',
  expose: 'lan' as const,
  definition: {
    title: '',
    summary: '',
    inputs: recipe.inputs,
    resources: () => ({ resources: [] }),
  } as Recipe,
  input: input as Record<string, unknown>,
  at,
});

function composed(input: unknown, others: Host['roles'] = [], value = 'a'.repeat(64)) {
  const definition = recipe as unknown as Recipe;
  const asked: string[] = [];
  const host: Host = {
    file: 'host.yaml',
    directory: '/home/me',
    name: 'attic',
    connect: { kind: 'lab' } as Host['connect'],
    network: { lan: [] },
    roles: [
      { name: 'ddns', recipe: 'ddns', definition, expose: 'host', input: definition.inputs.parse(input), at },
      ...others,
    ],
    folders: new Map([agentFolder]),
    templates: new Map(),
  };
  const { resources } = compose(host, machine(), {
    closeUnlisted: false,
    secrets: ({ role, name }, { brought }) => {
      asked.push(`${role}/${name}${brought === undefined ? '' : ' brought'}`);
      return new Secret(value, 'mark');
    },
  });
  const spec = resources.find(({ resource: { id } }) => id === 'file:/etc/hostwright/agent/ddns.d/ddns.json')
    ?.resource.spec as { content: Secret; mode: string; group: string };
  return { asked, spec, declaration: JSON.parse(spec.content.reveal()) as unknown };
}

const refused = (input: unknown) => recipe.inputs.safeParse(input).error?.issues[0]?.message;

describe('the recipe ddns', () => {
  it('declares a name of DuckDNS, with the token that the user brings, for the agent only', () => {
    const { asked, spec, declaration } = composed({ names: ['attic.duckdns.org'] });
    expect(declaration).toEqual({
      format: 1,
      role: 'ddns',
      names: ['attic.duckdns.org'],
      families: [4, 6],
      way: { type: 'duckdns', url: 'https://www.duckdns.org/update', token: 'a'.repeat(64) },
    });
    expect(asked).toEqual(['ddns/token brought']);
    expect([spec.mode, spec.group]).toEqual(['0640', 'hostwright-agent']);
    expect(JSON.stringify(spec)).not.toContain('aaaa');
  });

  it('declares signed updates by a key of another server, or of the host’s own', () => {
    const names = ['home.example.org'];
    const provider = { server: '192.0.2.53', key: 'home', algorithm: 'hmac-sha512', zone: 'example.org' };
    const other = composed({ names, provider, families: ['ipv6'] });
    expect(other.declaration).toMatchObject({
      families: [6],
      way: {
        type: 'rfc2136',
        server: '192.0.2.53',
        zone: 'example.org',
        key: { name: 'home', algorithm: 'hmac-sha512' },
        port: 53,
        ttl: 60,
      },
    });
    expect(other.asked).toEqual(['ddns/key brought']);
    const own = composed({ names, provider: { key: 'home' } }, [dns({ zones: [{ update: ['home'] }] })]);
    expect(own.declaration).toMatchObject({ way: { server: '127.0.0.1' } });
    expect(own.asked).toEqual(['names/tsig-home']);
  });

  it('refuses what could not work, and says what to do', () => {
    const input = { names: ['home.example.org'], provider: { key: 'home' } };
    expect(() => composed(input)).toThrow(/no dns role[\s\S]*provider: \{ server/);
    for (const odd of [{ zones: [{ update: ['other'] }] }, { zones: 'x' }, { zones: [null] }, {}])
      expect(() => composed(input, [dns(odd)])).toThrow(/No zone of the role ‘names’ is changed by the key/);
    const server = { ...input, provider: { key: 'home', server: '192.0.2.53' } };
    expect(() => composed(server, [], 'no base64!')).toThrow(/written in base64/);
    expect(() => composed({ names: ['attic.duckdns.org'] }, [], 'a b')).toThrow(/no token of DuckDNS/);
    expect(refused({ names: ['home.example.org'] })).toMatch(/not one of DuckDNS/);
    expect(refused({ names: ['a.b.duckdns.org'] })).toMatch(/not one of DuckDNS/);
    expect(refused({ names: ['a.duckdns.org', 'a.duckdns.org'] })).toMatch(/twice/);
    expect(refused({ ...server, provider: { key: 'home', zone: 'example.net' } })).toMatch(/not in the zone/);
  });
});
