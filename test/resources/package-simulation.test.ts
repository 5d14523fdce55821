import { describe, expect, it } from 'vitest';
import { outlook } from '../../src/resources/package/outlook.ts';
import { parseRemovals } from '../../src/resources/package/simulate.ts';
import { parseSimulation } from '../../src/resources/package/simulation.ts';
import { kind } from '../../src/resources/package.ts';

/** What apt-get -s of Debian 12 and 13 printed, shortened. */
const NGINX = `= apt 0
NOTE: This is only a simulation!
      apt-get needs root privileges for real execution.
Reading package lists...
The following NEW packages will be installed:
  nginx nginx-common
Inst nginx-common (1.22.1-9+deb12u11 Debian-Security:12/oldstable-security [all])
Inst nginx (1.22.1-9+deb12u11 Debian-Security:12/oldstable-security [amd64])
Conf nginx (1.22.1-9+deb12u11 Debian-Security:12/oldstable-security [amd64])
= need
Need to get 30.9 kB/679 kB of archives.
After this operation, 1,845 kB of additional disk space will be used.
= free
/dev/vda          1000000 900000   100000  90% /
= servers
known deb.debian.org
= route
= resolver
server 192.168.1.1
`;
const UPGRADE = `= apt 0
Inst liblzma5 [5.4.1-1] (5.4.1-1+deb12u2 Debian:12.15/oldstable [amd64]) [xz-utils:amd64 ]
Inst xz-utils (5.4.1-1+deb12u2 Debian:12.15/oldstable [amd64])
`;
const REMOVAL = `= apt 0
Remv libpam-systemd [252.39-1~deb12u2]
Remv systemd-sysv [252.39-1~deb12u2] [init:amd64 ]
Inst sysvinit-core (3.06-4 Debian:12.15/oldstable [amd64])
`;
const words = (text: string, ...wanted: string[]) => outlook(parseSimulation(text), wanted);

describe('what apt would do', () => {
  it('is read: packages, sizes in SI units, free space, servers', () => {
    expect(parseSimulation(NGINX)).toEqual({
      damaged: false,
      servers: { known: ['deb.debian.org'], unknown: [], route: true, resolver: ['server 192.168.1.1'] },
      simulation: {
        installs: [
          { name: 'nginx-common', to: '1.22.1-9+deb12u11' },
          { name: 'nginx', to: '1.22.1-9+deb12u11' },
        ],
        upgrades: [],
        removals: [],
        needed: 30_900 + 1_845_000,
        space: [{ mount: '/', free: 102_400_000 }],
      },
    });
  });

  it('names what comes along', () => {
    expect(words(NGINX, 'nginx')).toEqual({ along: ', with 1 package that it needs: nginx-common' });
    expect(words(NGINX, 'nginx', 'nginx-common').along).toBe('');
  });

  it('lists all of them where the line is too short', () => {
    const many = Array.from({ length: 11 }, (_, n) => `Inst lib${n} (1.${n} Debian:12/stable [amd64])`).join(
      '\n',
    );
    const { along, diff } = words(`= apt 0\n${many}\n`, 'x');
    expect(along).toMatch(/^, with 11 packages that it needs: lib0, .*lib7 and 3 more$/);
    expect(diff).toContain('+ lib10 1.10');
  });

  it('marks upgrades as not to be undone', () => {
    expect(words(UPGRADE, 'xz-utils').irreversible).toBe(
      'upgrades liblzma5 5.4.1-1 → 5.4.1-1+deb12u2: a rollback does not bring back the old version',
    );
  });

  it('refuses to remove, with names', () => {
    expect(() => words(REMOVAL, 'sysvinit-core')).toThrow(
      /would remove libpam-systemd 252\.39-1~deb12u2, systemd-sysv 252\.39-1~deb12u2, which/,
    );
  });

  it('refuses what does not fit, with figures', () => {
    const large = NGINX.replace('1,845 kB', '212 MB');
    expect(() => words(large, 'nginx')).toThrow(
      /needs 245 MB of disk space, and \/ on the host has 103 MB free/,
    );
  });

  it.each([
    ['server 192.168.1.1', true, /192\.168\.1\.1, in \/etc\/resolv\.conf\) do not answer/],
    ['absent', true, /there is no \/etc\/resolv\.conf/],
    ['link ../run/systemd/resolve/stub-resolv.conf', true, /leads to \.\.\/run.*which is not there/],
    ['', true, /\/etc\/resolv\.conf names no name server/],
    ['server 192.168.1.1', false, /no way out: no default route/],
  ])('tells no names from no way out: %s, %s', (resolver, route, told) => {
    const text = `= apt 100\nE: Unable to locate package nginx\n= servers\nunknown deb.debian.org\n${route ? '= route\n' : ''}= resolver\n${resolver}\n`;
    expect(() => words(text, 'nginx')).toThrow(told);
  });

  it('goes on when one of several servers is known', () => {
    const text = '= apt 100\n= servers\nunknown a.example\nknown b.example\n= route\n= resolver\n';
    expect(words(text, 'nginx')).toEqual({ along: '' });
  });

  it('knows damaged lists', () => {
    const text =
      '= apt 100\nE: Encountered a section with no Package: header\nE: Problem with MergeList /var/lib/apt/lists/a_Packages\nE: The package lists or status file could not be parsed or opened.\n';
    expect(parseSimulation(text).damaged).toBe(true);
    const state = kind.parse(Buffer.from(`\n\nfresh\n${text}`), [{ name: 'nginx' }])[0];
    expect(state && kind.diff({ name: 'nginx' }, state, { adopted: false })?.summary).toBe(
      'install nginx (apt cannot read its package lists: they are fetched anew first)',
    );
  });

  it.each([
    'Inst $(touch canary) (1 x [all])',
    'Remv nginx',
    'Inst nginx [1.0',
    'Remv a\u001b[31mb [1]',
    'Inst ‮nginx (1 x)',
  ])('does not guess at %j', (line) => {
    expect(() => parseSimulation(`= apt 0\n${line}\n`)).toThrow(/does not understand/);
  });

  it('shows nothing that would move a cursor', () => {
    const { refusal } = parseSimulation('= apt 100\nE: a\u001b[2Jb\u0007\n');
    expect(refusal).toBe('a?[2Jb?');
  });
});

it('gives the first of the missing what is said about all', () => {
  const states = kind.parse(Buffer.from(`cron\tii \t3.0\n\nfresh\nnginx:\n  Candidate: 1.22.1-9\n${NGINX}`), [
    { name: 'cron' },
    { name: 'nginx' },
    { name: 'nginx-common' },
  ]);
  const summaries = states.map((state, index) => {
    const name = ['cron', 'nginx', 'nginx-common'][index] ?? '';
    return kind.diff({ name }, state, { adopted: false })?.summary;
  });
  expect(summaries).toEqual([
    undefined,
    'install nginx 1.22.1-9',
    'install nginx-common (apt does not know it though its lists are fresh: is the name right? They are fetched once more)',
  ]);
});

it('says what a removal would take along', () => {
  const output = `Reading package lists...
The following packages will be REMOVED:
  libjq1 jq
Remv jq [1.6-2.1]
Remv libjq1 [1.6-2.1]
Remv libfoo:i386 [1]
Remv $(id) [1]
Remv libjq1
`;
  expect(parseRemovals(output, ['libjq1'])).toEqual(['jq', 'libfoo']);
});
