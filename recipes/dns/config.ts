import { UserError } from '../../src/errors.ts';
import { kind as file } from '../../src/resources/file.ts';
import type { Resource, ResourceOptions } from '../../src/resources/kind.ts';
import { kind as zoneKind } from '../../src/resources/zone.ts';
import { type Listens, lanRanges } from './access.ts';
import { isChallengeZone } from './acme.ts';
import type { DnsContext } from './inputs.ts';
import { target } from './records.ts';
import type { ServedZone, ZoneText } from './zones.ts';

/** It sees a copy of /etc/bind with the new files in it, and loads every zone. */
export const namedTest = ['named-checkconf', '-z'];

const proven: ResourceOptions = {
  validate: { root: '/etc/bind', command: namedTest },
  notify: [{ service: 'named', action: 'reload' }],
};

/** The configuration and the zones that are files of ours. */
export function configFiles(
  context: DnsContext,
  zones: readonly ServedZone[],
  { four, six }: Listens,
): readonly Resource[] {
  const { role, input, expose, template } = context;
  const split = expose === 'internet';
  const { resolve, forwarders, unsigned } = input;
  const own = { owner: 'root', group: 'bind', mode: '0644' } as const;
  const options = { role, ranges: lanRanges(context), four, six, split, resolve, forwarders, unsigned };
  const keys = keysOf(zones);
  return [
    // What Debian has there (13: another third file) cannot be read beside views, which come and go with the exposure.
    file.of(
      {
        path: '/etc/bind/named.conf',
        content: template('named.conf', { role, split, rootHints: context.facts.os.codename === 'trixie' }),
        ...own,
        brought: true,
      },
      proven,
    ),
    file.of(
      {
        path: '/etc/bind/named.conf.options',
        content: template('options.conf', options),
        ...own,
        brought: true,
      },
      proven,
    ),
    ...(keys.length > 0 ? [keyFile(context, keys)] : []),
    file.of(
      {
        path: '/etc/bind/named.conf.hostwright',
        content: template('zones.conf', { role, keys: keys.length > 0, views: viewsOf(zones, split) }),
        ...own,
      },
      proven,
    ),
    ...zones
      .filter(({ kind }) => kind === 'primary')
      .flatMap(({ text, external }) => [text, external])
      .filter((text) => text !== undefined)
      .map((text) =>
        zoneKind.of({ name: text.name, path: text.path, content: zoneFile(context, text) }, proven),
      ),
  ];
}

/** First records of zones that programs change: named itself writes these files. */
export function firstRecords(context: DnsContext, zones: readonly ServedZone[]): readonly Resource[] {
  return zones.flatMap(({ kind, text }) =>
    kind === 'dynamic' && text
      ? [
          zoneKind.of({
            name: text.name,
            path: text.path,
            content: zoneFile(context, text),
            owner: 'bind',
            dynamic: true,
          }),
        ]
      : [],
  );
}

/** The names of all keys, sorted. */
export function keysOf(zones: readonly ServedZone[]): readonly string[] {
  const names = zones.flatMap(({ input }) =>
    input ? [...input.update, ...input.transfer, ...input.primaries.map(({ key }) => key)] : [],
  );
  return [...new Set(names)].sort();
}

/** The name of a key's secret in the vault. */
export function secretOf(key: string): string {
  return `tsig-${key}`;
}

function keyFile({ role, secret, secretTemplate }: DnsContext, keys: readonly string[]): Resource {
  // 64 hexadecimal digits are base64 as well, of 48 bytes: more than the 32 that hmac-sha256 has use for.
  const values = keys.map((name) => ({ name, secret: secret(secretOf(name), { kind: 'hex', length: 64 }) }));
  for (const { name, secret: value } of values) {
    const text = value.reveal();
    if (/^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0) continue;
    throw new UserError({
      message: `The secret ${role}/${secretOf(name)} in the vault is no key: a key of TSIG is written in base64.`,
      hint: `Give it the value that the other server has: hostwright secrets set ${role}/${secretOf(name)}`,
    });
  }
  return file.of(
    {
      path: '/etc/bind/named.conf.hostwright-keys',
      content: secretTemplate('keys.conf', { role, keys: values }),
      owner: 'root',
      group: 'bind',
      mode: '0640',
    },
    proven,
  );
}

function zoneFile({ role, template }: DnsContext, { name, ttl, server, lines }: ZoneText): string {
  return template('zone.db', {
    role,
    origin: `${name}.`,
    ttl,
    server: target(server),
    // A mail address has no underscore (check-names), so that of a challenge's zone is of the domain.
    contact: `hostmaster.${name.replace(/^_acme-challenge\./, '')}.`,
    lines: lines.map((line) => ({ ...line, ttl: line.ttl === undefined ? '' : String(line.ttl) })),
  });
}

function viewsOf(zones: readonly ServedZone[], split: boolean): readonly object[] {
  const blocks = zones.map((zone) => blockOf(zone, split));
  if (!split) return [{ internal: false, external: false, named: false, zones: blocks }];
  const outside = zones
    .filter((zone) => zone.public)
    .map((zone) =>
      zone.external
        ? { ...blockOf(zone, split), file: zone.external.path }
        : { ...blockOf(zone, split), inView: true },
    );
  return [
    { internal: true, external: false, named: true, zones: blocks },
    { internal: false, external: true, named: true, zones: outside },
  ];
}

function blockOf({ name, kind, path, input }: ServedZone, split: boolean) {
  const { primaries = [], update = [], transfer = [], notify = [] } = input ?? {};
  return {
    name,
    inView: false,
    type: kind === 'secondary' ? 'secondary' : 'primary',
    file: path,
    primaries,
    update,
    types: isChallengeZone(name) ? 'TXT' : 'ANY',
    transfer,
    notify,
    narrow: !split,
  };
}
