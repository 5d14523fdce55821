import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { labUp } from '../../src/lab/up.ts';
import { differences } from '../../src/rehearse/manifest.ts';
import { hostwright, jsonLines, summaryOf, type WorkingFolder, workingFolder } from './support/hostwright.ts';
import { manifestOf } from './support/manifest.ts';
import { releasesOf } from './support/releases.ts';

const LAB = 'dns-test';
const BOX = '192.168.1.20';
const MINUTES = 60_000;

async function on(node: 'box' | 'phone' | 'internet' | 'router', script: string): Promise<string> {
  const { code, stdout, stderr } = await labCapture(
    { name: LAB, node, argv: ['sh', '-es'] },
    { input: script },
  );
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}\n${stdout}`);
  return stdout.trim();
}

/** What dig prints in short, one line an answer. */
const short = async (...words: string[]): Promise<string> =>
  on('phone', `dig @${BOX} +short ${words.join(' ')}`);
const status = async (node: 'phone' | 'internet', at: string, words: string): Promise<string> =>
  on(node, `dig @${at} +time=2 +tries=1 ${words} | sed -n 's/.*status: \\([A-Z]*\\).*/\\1/p'`);

const ROLES = `  dns:
    forwarders: [192.168.1.1]
    unsigned: [home.test]
    zones:
      - name: home.arpa
        transfer: [second]
        records:
          - { name: nas, type: A, value: NAS }
          - { name: www, type: CNAME, value: nas }
          - { name: "@", type: TXT, value: 'say "hello"' }
          - { name: _sip._tcp, type: SRV, port: 5060, value: nas }
      - { name: dyn.home.arpa, update: [phone] }
`;
const PUBLIC = `      - name: example.org
        public: true
        records:
          - { name: attic, type: A, value: 203.0.113.2, view: external }
          - { name: www, type: A, value: 203.0.113.2, view: external }
          - { name: www, type: A, value: 192.168.1.20, view: internal }
    expose: internet
`;

const FAR = `      - { name: far.test, primaries: [{ address: 127.0.0.1, port: 5300, key: second }] }
`;

/** Another name server: with a zone signed by a key that named.conf.local, the administrator's own file, trusts, and with
 * one that only a key can fetch. */
const FAR_SERVER = `mkdir -p /srv/signed; cd /srv/signed
printf '$TTL 60\\n@ IN SOA ns root 1 2 3 4 5\\n@ IN NS ns\\nns IN A 127.0.0.1\\ngood IN A 192.0.2.7\\nbad IN A 192.0.2.8\\n' >db
key=$(dnssec-keygen -q -a ECDSAP256SHA256 -f KSK signed.test)
dnssec-signzone -S -z -o signed.test db >/dev/null 2>&1
sed -i 's/192.0.2.8/192.0.2.9/' db.signed
cp db far
cat >named.conf <<'END'
options { directory "/srv/signed"; listen-on { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; pid-file none; dnssec-validation no; session-keyfile none; };
controls { };
include "/etc/bind/named.conf.hostwright-keys";
zone "signed.test" { type primary; file "db.signed"; };
zone "far.test" { type primary; file "far"; allow-query { none; }; allow-transfer { key second; }; };
END
systemd-run --quiet --unit=far named -f -p 5300 -c /srv/signed/named.conf
cat >>/etc/bind/named.conf.local <<END
zone "signed.test" { type forward; forward only; forwarders { 127.0.0.1 port 5300; }; };
trust-anchors { signed.test. static-key $(sed -n 's/.*DNSKEY \\([0-9]* [0-9]* [0-9]*\\) \\(.*\\)/\\1 "\\2"/p' "$key.key"); };
END
rndc reconfig`;

describe.each(releasesOf('trixie'))('a name server on %s', (release) => {
  let folder: WorkingFolder;
  let before: Awaited<ReturnType<typeof manifestOf>>;

  const apply = async (roles: string, ...words: string[]) => {
    folder.write('host.yaml', `host: attic\nconnect: { lab: ${LAB} }\nroles:\n  firewall: {}\n${roles}`);
    return hostwright(['apply', '--yes', '--json', '--no-check', ...words], folder.path);
  };
  const applied = async (roles: string) => {
    const finished = await apply(roles);
    const summary = summaryOf(finished);
    expect(summary, finished.stdout).toMatchObject({ failed: 0 });
    return summary;
  };
  const key = async (name: string): Promise<string> => {
    const { stdout } = await hostwright(['secrets', 'show', `dns/tsig-${name}`, '--yes'], folder.path);
    return `hmac-sha256:${name}:${stdout.trim()}`;
  };
  const serial = async (zone = 'home.arpa'): Promise<number> =>
    Number((await short(zone, 'SOA')).split(' ')[2]);
  const resolves = (): Promise<string> => on('box', 'getent hosts laptop.home.arpa');

  beforeAll(async () => {
    await labUp({ name: LAB, release, report: () => undefined });
    folder = workingFolder();
    // Its stub holds port 53 of 127.0.0.53, and the host asks it for every name.
    await on(
      'box',
      'apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -qy systemd-resolved >/dev/null 2>&1; getent hosts laptop.home.arpa',
    );
    before = await manifestOf(LAB);
  }, 10 * MINUTES);
  afterAll(async () => {
    folder?.remove();
    await labDown({ name: LAB, report: () => undefined });
  });

  it('answers the home, keeps its secrets and the host’s own resolution, and leaves', {
    timeout: 25 * MINUTES,
  }, async () => {
    const known = await resolves();
    const home = ROLES.replace('NAS', '192.168.1.30');
    await applied(home);
    expect(await resolves()).toBe(known);
    expect(await on('box', 'systemd-analyze security --no-pager named | tail -n 1')).toMatch(/: [0-3]\.\d /);

    expect(await short('attic.home.arpa A attic.home.arpa AAAA nas.home.arpa A', `-x ${BOX}`)).toMatch(
      /^192\.168\.1\.20\nfd[0-9a-f:]+\n192\.168\.1\.30\nattic\.home\.arpa\.$/,
    );
    expect(await short('www.home.arpa A home.arpa TXT _sip._tcp.home.arpa SRV')).toBe(
      'nas.home.arpa.\n192.168.1.30\n"say \\"hello\\""\n0 0 5060 nas.home.arpa.',
    );
    expect(await short('home.arpa NS +tcp')).toBe('attic.home.arpa.');
    expect(await short('version.bind TXT CH')).toBe('');
    // A name of others, by the forwarder; without a signature, as the host file allows for this one.
    expect(await short('box.home.test A')).toBe('203.0.113.2');

    expect(await on('phone', `dig @${BOX} home.arpa AXFR`)).toContain('Transfer failed');
    expect(await on('phone', `dig @${BOX} -y ${await key('phone')} home.arpa AXFR`)).toContain(
      'Transfer failed',
    );
    expect(await on('phone', `dig @${BOX} -y ${await key('second')} home.arpa AXFR`)).toContain(
      '192.168.1.30',
    );

    const update = (how: string): Promise<string> =>
      on(
        'phone',
        `printf 'server ${BOX}\\nupdate add cam.dyn.home.arpa 60 A 192.168.1.77\\nsend\\n' | nsupdate ${how} 2>&1 || :`,
      );
    expect(await update('')).toMatch(/REFUSED/);
    expect(await update(`-y ${await key('second')}`)).toMatch(/REFUSED/);
    expect(await update(`-y ${await key('phone')}`)).toBe('');

    const first = await serial();
    expect(await applied(home)).toMatchObject({ changed: 0, roundTrips: 2 });
    expect(await serial()).toBe(first);
    await applied(ROLES.replace('NAS', '192.168.1.31'));
    expect(await serial()).toBeGreaterThan(first);
    expect(await short('nas.home.arpa A cam.dyn.home.arpa A')).toBe('192.168.1.31\n192.168.1.77');
    const later = await serial();
    // A change made by hand is news, another serial is not.
    await on(
      'box',
      `sed -i 's/${later} ; serial/${later + 7} ; serial/' /etc/bind/zones/db.home.arpa; rndc reload home.arpa`,
    );
    expect(await applied(ROLES.replace('NAS', '192.168.1.31'))).toMatchObject({ changed: 0 });
    await applied(home);
    expect(await serial()).toBeGreaterThan(later + 7);

    await on('box', FAR_SERVER);
    const signed = await on('phone', `dig @${BOX} good.signed.test A`);
    expect(signed).toMatch(/flags:[a-z ]* ad[ ;]/);
    expect(signed).toContain('192.0.2.7');
    expect(await status('phone', BOX, 'bad.signed.test A')).toBe('SERVFAIL');
    expect(await status('phone', BOX, 'bad.signed.test A +cd')).toBe('NOERROR');
    // Fetched whole, with the key, from a server that answers no questions.
    await applied(home + FAR);
    expect(
      await on(
        'phone',
        `for try in 1 2 3 4 5 6 7 8 9 10; do
  said=$(dig @${BOX} +short +norecurse good.far.test A); [ -z "$said" ] || break; sleep 1; done; echo "$said"`,
      ),
    ).toBe('192.0.2.7');
    expect(await on('phone', `dig @${BOX} far.test SOA`)).toMatch(/flags:[a-z ]* aa[ ;]/);
    await on(
      'box',
      "systemctl stop far; rm -r /srv/signed; sed -i '/signed.test/d' /etc/bind/named.conf.local; rndc reconfig",
    );

    // Two views: the internet gets what is public, and no names of others.
    await applied(home + PUBLIC);
    // What a person sets up in the router.
    await on(
      'router',
      `nft add rule ip router-nat prerouting ip daddr 203.0.113.2 meta l4proto '{ tcp, udp }' th dport 53 dnat to ${BOX}
nft add rule inet router forward meta l4proto '{ tcp, udp }' th dport 53 accept`,
    );
    expect(await on('internet', 'dig @203.0.113.2 +short +time=2 www.example.org A')).toBe('203.0.113.2');
    expect(await short('www.example.org A attic.home.arpa A')).toBe('192.168.1.20\n192.168.1.20');
    const ipv6 = await on(
      'box',
      "ip -6 -o addr show scope global | sed -n 's/.*inet6 \\(2001[0-9a-f:]*\\).*/\\1/p' | head -n 1",
    );
    expect(await on('internet', `dig @${ipv6} +short +time=2 www.example.org A`)).toBe('203.0.113.2');
    expect(await status('internet', ipv6, 'home.arpa SOA')).toBe('REFUSED');
    expect(await status('internet', ipv6, 'box.home.test A')).toBe('REFUSED');
    expect(await on('internet', `dig @${ipv6} +time=2 example.org AXFR`)).toContain('Transfer failed');
    expect(await on('internet', `dig @${ipv6} +time=2 www.example.org A`)).not.toMatch(
      /flags:[a-z ]* ra[ ;]/,
    );

    const { stdout } = await hostwright(['check', '--json', '--from', 'self,phone'], folder.path);
    const report = jsonLines(stdout).at(-1) as { results: { role: string; ok: boolean; protocol: string }[] };
    const mine = report.results.filter(({ role }) => role === 'dns');
    expect(new Set(mine.map(({ protocol }) => protocol))).toEqual(new Set(['udp', 'tcp']));
    expect(mine.filter(({ ok }) => !ok)).toEqual([]);

    const removed = await hostwright(['remove', '--all', '--yes', '--json'], folder.path);
    expect(removed.code, removed.stderr + removed.stdout).toBe(0);
    expect(removed.stdout).toContain('db.dyn.home.arpa');
    expect(await on('box', 'cat /var/backups/hostwright/*/var/lib/bind/db.dyn.home.arpa*')).toContain('cam');
    expect(await resolves()).toBe(known);
    expect(differences(before, await manifestOf(LAB))).toEqual([]);
  });

  it('takes the place of dnsmasq only when told so, and not if the host then knew no names', {
    timeout: 10 * MINUTES,
  }, async () => {
    // The host asks dnsmasq on itself, which alone knows where upgrades come from.
    await on(
      'box',
      `systemctl --quiet disable --now systemd-resolved; rm -f /etc/resolv.conf
DEBIAN_FRONTEND=noninteractive apt-get install -qy dnsmasq >/dev/null 2>&1 || :
printf 'no-resolv\nserver=192.168.1.1\naddress=/deb.debian.org/192.0.2.80\n' >/etc/dnsmasq.d/lab.conf
echo 'nameserver 127.0.0.1' >/etc/resolv.conf
systemctl --quiet enable dnsmasq; systemctl restart dnsmasq; getent hosts deb.debian.org`,
    );
    const stands = (): Promise<string> =>
      on('box', 'systemctl is-active dnsmasq; systemctl is-enabled dnsmasq; getent hosts deb.debian.org');
    const known = await stands();
    before = await manifestOf(LAB);

    const asked = await apply('  dns: {}\n');
    expect(asked.code).not.toBe(0);
    expect(asked.stdout + asked.stderr).toContain('--adopt service:named');
    expect(await stands()).toBe(known);

    // No forwarder knows it: taken back, in the same moment.
    const reverted = await apply('  dns: { forwarders: [192.168.1.1] }\n', '--adopt', 'service:named');
    expect(summaryOf(reverted)).toMatchObject({ failed: 1 });
    expect(reverted.stdout + reverted.stderr).toContain('could no longer look up deb.debian.org');
    expect(await stands()).toBe(known);

    const zones = `  dns:
    zones: [{ name: home.arpa }, { name: debian.org, records: [{ name: deb, type: A, value: 192.0.2.80 }] }]
`;
    expect(summaryOf(await apply(zones, '--adopt', 'service:named'))).toMatchObject({ failed: 0 });
    expect(await on('box', 'systemctl is-active dnsmasq || :; systemctl is-enabled dnsmasq || :')).toBe(
      'inactive\ndisabled',
    );
    expect(await on('box', 'getent hosts deb.debian.org')).toContain('192.0.2.80');
    expect(await short('attic.home.arpa A')).toBe(BOX);
    expect(await applied(zones)).toMatchObject({ changed: 0, roundTrips: 2 });

    const removed = await hostwright(['remove', '--all', '--yes', '--json'], folder.path);
    expect(removed.code, removed.stderr + removed.stdout).toBe(0);
    expect(await stands()).toBe(known);
    expect(differences(before, await manifestOf(LAB))).toEqual([]);
  });
});
