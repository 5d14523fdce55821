/** A manifest of a whole machine: everything that a change could have changed, as lines that can be compared. */
import { diffLines } from 'diff';
import { joinShell, type Shell, sh } from '../quote.ts';
import { EXCLUSIONS, isExcluded, SYSCTL_EXCLUSIONS, UNIT_EXCLUSIONS } from './manifest/exclusions.ts';

/** For each section, what is there by name: path → type, mode, owner, sha256 or target; package → version, state; … */
export type Manifest = Readonly<Record<Section, ReadonlyMap<string, string>>>;

const SECTIONS = [
  'files',
  'packages',
  'manual',
  'unit files',
  'units',
  'users',
  'groups',
  'sysctl',
  'firewall',
  'machine',
] as const;
type Section = (typeof SECTIONS)[number];

/** A manifest from what {@link manifestScript} printed. Pure. */
export function parseManifest(output: string): Manifest {
  const raw = new Map(
    output
      .split('\n')
      .map((line) => line.split(' '))
      .map(([name = '', text = '']) => [name, Buffer.from(text, 'base64').toString('utf8')] as const),
  );
  const lines = (name: string): string[] => (raw.get(name) ?? '').split('\n').filter(Boolean);
  return {
    files: files(raw.get('files') ?? '', raw.get('hashes') ?? ''),
    packages: pairs(lines('packages')),
    manual: pairs(lines('manual')),
    'unit files': units(lines('unit-files').map((line) => line.split(/\s+/).slice(0, 2).join(' '))),
    units: units(lines('units')),
    users: pairs(lines('users'), ':'),
    groups: pairs(lines('groups'), ':'),
    sysctl: new Map([...pairs(lines('sysctl'), ':')].filter(([key]) => !matches(SYSCTL_EXCLUSIONS, key))),
    firewall: new Map([['rules', settled(raw.get('firewall') ?? '')]]),
    machine: pairs(lines('machine')),
  };
}

/** What differs, one line each, sorted: `- ` was there, `+ ` is there, `~ ` was and is, in two ways. */
export function differences(before: Manifest, after: Manifest): readonly string[] {
  return SECTIONS.flatMap((section) => {
    const [one, other] = [before[section], after[section]];
    if (section === 'firewall') return firewallDifference(one, other);
    const names = [...new Set([...one.keys(), ...other.keys()])].sort();
    return names.flatMap((name) => {
      const [was, is] = [one.get(name), other.get(name)];
      if (was === is) return [];
      if (was === undefined) return [`+ ${section}: ${name} ${is}`];
      if (is === undefined) return [`- ${section}: ${name} ${was}`];
      return [`~ ${section}: ${name} ${was} → ${is}`];
    });
  });
}

/** Rules have no names: their lines are compared. */
function firewallDifference(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  const [was = '', is = ''] = [before, after].map((rules) => rules.get('rules') ?? '');
  return diffLines(was, is).flatMap(({ added, removed, value }) =>
    added || removed ? [`${added ? '+' : '-'} firewall: ${value.trim()}`] : [],
  );
}

/** Rules without what passing packets have put into their sets; tables by name, since a restart may load them in another order. */
function settled(rules: string): string {
  return rules
    .split(/^(?=table )/m)
    .sort()
    .join('')
    .replaceAll(/(set \w+ \{[^}]*?(?:timeout|dynamic)[^}]*?)elements = \{[^}]*\}/g, '$1')
    .replaceAll(/\s*\n\s*/g, '\n');
}

function files(listed: string, hashed: string): ReadonlyMap<string, string> {
  const hashes = new Map(
    hashed.split('\0').map((line) => [line.slice(66), line.slice(0, 64).slice(0, 16)] as const),
  );
  const fields = listed.split('\0');
  const found = new Map<string, string>();
  for (let index = 0; index + 2 < fields.length; index += 3) {
    const [metadata = '', path = '', target = ''] = fields.slice(index, index + 3);
    if (isExcluded(path)) continue;
    const content = target === '' ? hashes.get(path) : `→ ${target}`;
    found.set(path, content === undefined ? metadata : `${metadata} ${content}`);
  }
  return found;
}

/** `name rest` lines as a map. */
function pairs(lines: readonly string[], separator = ' '): ReadonlyMap<string, string> {
  return new Map(
    lines.map((line) => {
      const at = line.indexOf(separator);
      return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1).trim()];
    }),
  );
}

const units = (lines: readonly string[]): ReadonlyMap<string, string> =>
  new Map([...pairs(lines)].filter(([unit]) => !matches(UNIT_EXCLUSIONS, unit)));

const matches = (list: readonly { readonly pattern: RegExp }[], name: string): boolean =>
  list.some(({ pattern }) => pattern.test(name));

/** Folders of which nothing counts are not even walked. */
const pruned: Shell = joinShell(
  EXCLUSIONS.filter(({ what }) => what === 'below').map(({ path }) => sh`-path ${`${path}/*`} -prune -o`),
  ' ',
);

/** Prints each section as one line: its name, and its text in base64. Takes a second or two. */
export const manifestScript: Shell = sh`export LC_ALL=C
section() { printf '%s ' "$1"; base64 -w0; echo; }
find / -xdev ${pruned} -printf '%y %m %u:%g\0%p\0%l\0' | section files
find / -xdev ${pruned} -type f -print0 | xargs -0 sha256sum -z -- | section hashes
dpkg-query -W -f='\${Package}:\${Architecture} \${Version} \${db:Status-Abbrev}\n' | section packages
apt-mark showmanual | section manual
systemctl list-unit-files --no-legend --plain --no-pager | section unit-files
systemctl list-units --no-legend --plain --no-pager --all --type=service,socket,timer,path \
  --state=active,activating,failed | awk '{ print $1, $3, $4 }' | section units
getent passwd | section users
getent group | section groups
(cd /proc/sys && find net -type f -perm -u=w -exec grep -sH '' {} +) | section sysctl
{ nft --stateless list ruleset 2>/dev/null || :; } | section firewall
{ echo "hostname $(hostname)"; echo "default $(systemctl get-default)"; } | section machine
:`;
