import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import recipe from '../../../recipes/dns/recipe.ts';
import { compose } from '../../../src/compose/compose.ts';
import type { Exposure, Recipe } from '../../../src/compose/recipe.ts';
import type { Facts } from '../../../src/facts/facts.ts';
import { fact as listenersFact } from '../../../src/facts/probes/listeners.ts';
import type { Host } from '../../../src/host/host.ts';
import { Secret } from '../../../src/secrets/secret.ts';
import { agentFolder } from '../../fixtures/agent-folder.ts';
import { machine } from '../site/context.ts';

const TEMPLATES = ['named.conf', 'options.conf', 'zones.conf', 'zone.db', 'sandbox.conf'].map(
  (name) => `dns/${name}`,
);
const DNSMASQ = 'udp UNCONN 0 0 0.0.0.0:53 0.0.0.0:* users:(("dnsmasq",pid=9,fd=3))';
const LEASES = 'udp UNCONN 0 0 0.0.0.0:67 0.0.0.0:* users:(("dnsmasq",pid=9,fd=4))';
const STUB = 'udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:* users:(("systemd-resolve",pid=8,fd=3))';
const VIRTUAL = 'udp UNCONN 0 0 192.168.122.1:53 0.0.0.0:* users:(("dnsmasq",pid=7,fd=3))';

function listening(...sockets: string[]): Facts {
  const groups = '/proc/9/cgroup:0::/system.slice/dnsmasq.service';
  return {
    ...machine(),
    listeners: listenersFact.parse(`##sockets\n${sockets.join('\n')}\n##units\n${groups}\n`),
  };
}

function composed(input: unknown, facts = machine(), expose: Exposure = 'lan', name = 'attic') {
  const definition = recipe as unknown as Recipe;
  const host: Host = {
    file: 'host.yaml',
    directory: '/home/me',
    name,
    connect: { kind: 'lab' } as Host['connect'],
    network: { lan: [] },
    roles: [
      {
        name: 'dns',
        recipe: 'dns',
        definition,
        expose,
        input: definition.inputs.parse(input),
        at: () => ({ file: 'host.yaml', line: 1 }),
      },
    ],
    folders: new Map([agentFolder]),
    templates: new Map(
      TEMPLATES.map((name) => [
        name,
        readFileSync(new URL(`../../../templates/${name}.hbs`, import.meta.url), 'utf8'),
      ]),
    ),
  };
  const { resources, notes } = compose(host, facts, { closeUnlisted: false });
  const specs = new Map(resources.map(({ resource }) => [resource.id, resource.spec]));
  const content = (path: string): string => {
    const spec = (specs.get(`file:${path}`) ?? specs.get(`zone:${path}`)) as
      | { content?: string | Secret }
      | undefined;
    return spec?.content instanceof Secret ? spec.content.reveal() : (spec?.content ?? '');
  };
  return {
    content,
    options: content('/etc/bind/named.conf.options'),
    zones: content('/etc/bind/named.conf.hostwright'),
    service: specs.get('service:named') as { replaces?: string[]; keepsResolving?: string[] },
    notes: notes.map(({ text }) => text).join('\n'),
  };
}

const HOME = { zones: [{ name: 'home.arpa' }] };
const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    const { message, hint } = error as { message: string; hint?: string };
    return `${message} ${hint}`;
  }
  throw new Error('nothing was refused');
};

describe('port 53', () => {
  it('is shared with systemd-resolved, which has an address of its own', () => {
    const { service, options } = composed({}, listening(STUB));
    expect(service.replaces).toBeUndefined();
    expect(service.keepsResolving).toEqual(['deb.debian.org', '192.168.1.1']);
    expect(options).toMatch(/listen-on \{\s*any;\s*\};/);
  });

  it('is left to a resolver of virtual machines on its address', () => {
    const { options, notes } = composed({}, listening(VIRTUAL));
    expect(options).toMatch(/listen-on \{\s*!192\.168\.122\.1;\s*any;\s*\};/);
    expect(notes).toContain('dnsmasq keeps port 53 of 192.168.122.1');
  });

  it('is taken over from Debian’s dnsmasq if it answers for names only', () => {
    const { service, options, notes } = composed({}, listening(DNSMASQ));
    expect(service.replaces).toEqual(['dnsmasq']);
    expect(options).toMatch(/listen-on \{\s*any;\s*\};/);
    expect(notes).toContain('named takes its place');
  });

  it('is not taken from a dnsmasq that gives out addresses, nor from one that something else started', () => {
    expect(refusal(() => composed({}, listening(DNSMASQ, LEASES)))).toContain('set port=0');
    expect(refusal(() => composed({}, listening(DNSMASQ.replace('pid=9', 'pid=6'))))).toContain(
      'Port 53 is taken',
    );
  });
});

describe('who is answered', () => {
  it('is the network alone', () => {
    const { options } = composed(HOME);
    expect(options).toMatch(/acl "lan" \{[^}]*localhost;\s*localnets;\s*\}/);
    expect(options).toContain('allow-query { lan; };');
    expect(options).toContain('allow-transfer { none; };');
    expect(options).not.toContain('0.0.0.0/0');
  });

  it('is nobody but the host itself when it is for the host', () => {
    const { options } = composed(HOME, machine(), 'host');
    expect(options).toMatch(/acl "lan" \{[^}]*localhost;\s*\}/);
    expect(options).toMatch(/listen-on \{\s*127\.0\.0\.1;\s*\};/);
  });

  it('is the internet for public zones only, without anything of the network in them', () => {
    const records = [
      { name: 'attic', type: 'A', value: '203.0.113.2', view: 'external' },
      { name: 'nas', type: 'A', value: '192.168.1.30', view: 'internal' },
      // Addresses of the network stay in it, also where nothing is said.
      { name: 'tv', type: 'A', value: '192.168.1.31' },
      { name: 'tv', type: 'AAAA', value: 'fd00::31' },
      { name: 'mail', type: 'A', value: '203.0.113.3' },
    ];
    const zones = [{ name: 'example.org', public: true, records }, ...HOME.zones];
    const { content, zones: views } = composed({ zones }, machine(), 'internet');
    const outside = views.slice(views.indexOf('view "external"'));
    expect(outside).toContain('recursion no;');
    expect(outside).toContain('example.org');
    expect(outside).not.toContain('home.arpa');
    const seen = content('/etc/bind/zones/db.example.org.external');
    expect(seen).toContain('203.0.113.2');
    expect(seen).toContain('203.0.113.3');
    expect(seen).not.toMatch(/192\.168\.|fd00:/);
    expect(content('/etc/bind/zones/db.example.org')).toMatch(/^tv\tIN A 192\.168\.1\.31$/m);
    expect(content('/etc/bind/named.conf')).not.toContain('named.conf.local"');
    expect(composed(HOME).content('/etc/bind/named.conf')).toContain('include "/etc/bind/named.conf.local";');
    expect(refusal(() => composed(HOME, machine(), 'internet'))).toContain('public: true');
  });
});

describe('a public zone that programs change', () => {
  const zone = { name: 'dyn.example.org', public: true, update: ['phone'] };
  it('gets nothing of the network, and no records for one side alone', () => {
    expect(refusal(() => composed({ zones: [zone] }))).toContain('has no address for it');
    const address = { name: 'attic', type: 'A', value: '203.0.113.2' };
    const parse = (records: unknown[]) => recipe.inputs.safeParse({ zones: [{ ...zone, records }] }).success;
    expect(parse([address])).toBe(true);
    expect(parse([{ ...address, view: 'external' }])).toBe(false);
  });
});

describe('zones', () => {
  it('have the host’s addresses in its network, and lead back', () => {
    const { content } = composed(HOME);
    const zone = content('/etc/bind/zones/db.home.arpa');
    expect(zone).toMatch(/^attic\tIN A 192\.168\.1\.20$/m);
    expect(zone).toMatch(/^attic\tIN AAAA fd00::20$/m);
    expect(zone).not.toContain('2001:db8');
    expect(content('/etc/bind/zones/db.1.168.192.in-addr.arpa')).toMatch(/^20\tIN PTR attic\.home\.arpa\.$/m);
  });

  it('know a host by its full name', () => {
    for (const [name, label] of [
      ['attic.home.arpa', 'attic'],
      ['Attic.example.org', 'attic'],
      ['home.arpa', '@'],
    ] as const) {
      const zone = composed(HOME, machine(), 'lan', name).content('/etc/bind/zones/db.home.arpa');
      expect(zone).toMatch(new RegExp(`^${label}\\tIN A 192\\.168\\.1\\.20$`, 'm'));
      expect(zone).not.toContain('home.arpa.home.arpa');
    }
  });

  it('have the host’s address beside its mail and text, and not beside an address that is declared', () => {
    const zoneWith = (record: object): string =>
      composed({ zones: [{ name: 'home.arpa', records: [{ name: 'attic', ...record }] }] }).content(
        '/etc/bind/zones/db.home.arpa',
      );
    expect(zoneWith({ type: 'TXT', value: 'hello' })).toMatch(/^attic\tIN A 192\.168\.1\.20$/m);
    expect(zoneWith({ type: 'A', value: '192.168.1.99' })).not.toContain('192.168.1.20');
  });

  it('have no machine with an underscore in its name', () => {
    const parse = (type: string, value: string) =>
      recipe.inputs.safeParse({
        zones: [{ name: 'home.arpa', records: [{ name: 'my_cam', type, value }] }],
      }).success;
    expect([parse('A', '192.168.1.7'), parse('TXT', 'x')]).toEqual([false, true]);
  });

  it('refuse a name server of their own without an address', () => {
    const zones = [{ name: 'home.arpa', nameservers: ['ns.home.arpa'] }];
    expect(refusal(() => composed({ zones }))).toContain('has no address for it');
  });

  it('refuse an alias beside other records, records of what is fetched, and a name twice', () => {
    const parse = (zones: unknown[]) => recipe.inputs.safeParse({ zones }).success;
    const alias = { name: 'www', type: 'CNAME', value: 'nas' };
    const address = { name: 'www', type: 'A', value: '192.168.1.30' };
    expect(parse([{ name: 'home.arpa', records: [alias] }])).toBe(true);
    expect(parse([{ name: 'home.arpa', records: [alias, address] }])).toBe(false);
    const primaries = [{ address: '192.0.2.1', key: 'second' }];
    expect(parse([{ name: 'far.test', primaries }])).toBe(true);
    expect(parse([{ name: 'far.test', primaries, records: [address] }])).toBe(false);
    expect(parse([...HOME.zones, ...HOME.zones])).toBe(false);
  });
});
