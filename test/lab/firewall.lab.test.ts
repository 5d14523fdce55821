import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { reboot } from '../../src/lab/box.ts';
import { kind as firewalld } from '../../src/resources/firewalld.ts';
import { kind as ruleset } from '../../src/resources/ruleset.ts';
import { kind as ufw } from '../../src/resources/ufw.ts';
import { compose, endpoint, rulesetOf } from '../recipes/firewall/context.ts';
import { Box } from './box-engine.ts';
import { LAB, type LabBox, labBox, openPorts } from './firewall/lab-box.ts';
import { hostwright } from './support/hostwright.ts';
import { releasesOf } from './support/releases.ts';

const BOX = '192.168.1.20';
const dockerScript = readFileSync(new URL('firewall/docker.sh', import.meta.url), 'utf8');
const install = (name: string): string =>
  `apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y ${name} >/dev/null 2>&1`;

/** The box's stable address of the documentation range that the lab takes for public. */
const PUBLIC_SIX = `ip -6 -o address show dev eth0 scope global | awk '/2001:db8/ { sub("/.*", "", $4); print $4; exit }'`;

describe.each(releasesOf('bookworm'))('the firewall on %s', (release) => {
  let box: LabBox;
  afterEach(() => box.down());

  it('shows ssh and the site to the LAN, nothing to the internet, and stays so over a reboot', async () => {
    box = await labBox(release);
    await box.apply();
    expect(await box.apply()).toMatchObject({ changed: 0, roundTrips: 2 });
    const six = (await box.on('box', PUBLIC_SIX)).trim();
    expect(await openPorts(box, 'phone', BOX)).toEqual(['22', '80']);
    expect(await openPorts(box, 'phone', six, '1-1024')).toEqual(['22', '80']);
    expect(await openPorts(box, 'internet', six, '1-1024')).toEqual([]);
    expect(await box.on('phone', `nmap -sn -n -PE --disable-arp-ping -oG - ${BOX}`)).toContain('Status: Up');
    await box.on('box', 'systemctl start nftables; systemctl restart nftables');
    await box.on('box', 'until nft list table inet hostwright >/dev/null 2>&1; do sleep 0.1; done');
    expect(await openPorts(box, 'phone', BOX, '1-1024')).toEqual(['22', '80']);
    await box.on('box', 'systemctl stop nftables; systemctl start hostwright-firewall');

    await box.on('box', 'nft flush ruleset');
    expect(await box.changes()).toEqual(['ruleset:inet-hostwright']);
    expect(await box.apply()).toMatchObject({ changed: 1 });
    await box.on('box', 'nft flush chain inet hostwright lan');
    const plan = await hostwright(['plan'], box.folder.path);
    expect(plan.stdout).toContain('the table in the kernel differs');
    expect(plan.stdout).toContain('+		tcp dport 80 accept comment "blog http"');
    expect(await box.apply()).toMatchObject({ changed: 1 });

    await reboot(LAB);
    expect(await box.changes()).toEqual([]);
    expect(await openPorts(box, 'phone', BOX, '1-1024')).toEqual(['22', '80']);
  });

  it('keeps what listens, closes it on request, and comes to rest', async () => {
    box = await labBox(release);
    await box.on('box', `systemd-run --quiet --unit=listener ${LISTEN_8096}`);
    await box.on('box', 'until ss -Hlnt sport = 8096 | grep -q .; do :; done');
    const first = await hostwright(['plan', '--json'], box.folder.path);
    expect(JSON.parse(first.stdout).notes).toContainEqual(
      expect.objectContaining({ level: 'keep', text: expect.stringContaining('tcp 8096') }),
    );
    await box.apply();
    expect(await openPorts(box, 'phone', BOX, '1-9000')).toEqual(['22', '80', '8096']);
    await box.on('box', 'systemctl stop listener');
    expect(await box.changes()).toEqual([]);
    await box.on('box', `systemd-run --quiet --unit=listener2 ${LISTEN_8096}`);
    await box.apply('--close-unlisted');
    expect(await openPorts(box, 'phone', BOX, '1-9000')).toEqual(['22', '80']);
    expect(await box.changes()).toEqual([]);
  });

  it("leaves Docker's rules and published ports as they are", async () => {
    box = await labBox(release);
    await box.on('box', dockerScript);
    const rules = 'iptables-save | grep -v "^#" | sed "s/\\[.*\\]//"';
    const before = await box.on('box', rules);
    await box.apply();
    expect(await box.on('box', rules)).toBe(before);
    expect(await box.on('phone', `curl -s -m 5 http://${BOX}:8080/`)).toBe('from the container\n');
    expect(await box.on('phone', `curl -s -m 5 http://${BOX}/`)).toBe('from the site\n');
    const { stdout } = await hostwright(['plan', '--json'], box.folder.path);
    expect(stdout).toContain('Docker publishes tcp 8080');
    expect(await box.changes()).toEqual([]);
  });

  it('becomes rules inside ufw, undone to the byte', async () => {
    box = await labBox(release);
    await box.on('box', `${install('ufw')}; ufw allow 22/tcp; ufw allow 8096; ufw --force enable`);
    const files =
      'cat /etc/ufw/user.rules /etc/ufw/user6.rules; ufw status numbered; iptables-save | grep ufw-user-input';
    const before = await box.on('box', files);
    const engine = new Box(LAB);
    const own = {
      protocol: 'tcp',
      port: 80,
      from: '192.168.1.0/24',
      interface: 'eth0',
      why: 'blog http',
    } as const;
    const resource = ufw.of(
      {
        ipv6: true,
        rules: [
          own,
          { ...own, from: 'any', interface: '', port: 443 },
          { ...own, port: 21_000, lastPort: 21_019, why: 'ftp transfers' },
        ],
      },
      { guarded: false },
    );
    const plan = await engine.plan([resource]);
    const { run, steps } = await engine.apply(plan);
    expect(steps).toMatchObject([{ status: 'changed' }]);
    expect((await engine.plan([resource])).changes).toEqual([]);
    await engine.undo(plan, run);
    expect(await box.on('box', files)).toBe(before);
    await engine.forget();

    await box.apply();
    expect(await box.apply()).toMatchObject({ changed: 0, roundTrips: 2 });
    expect(await openPorts(box, 'phone', BOX, '1-1024')).toEqual(['22', '80']);
    expect(await box.on('box', 'nft list tables')).not.toContain('hostwright');
    await box.on('box', 'ufw delete allow in on eth0 proto tcp from 192.168.1.0/24 to any port 80');
    expect(await box.changes()).toEqual(['ufw:hostwright']);
    expect(await box.apply()).toMatchObject({ changed: 1 });
    await box.on(
      'box',
      'iptables -D ufw-user-input -s 192.168.1.0/24 -i eth0 -p tcp -m tcp --dport 80 -j ACCEPT',
    );
    expect(await box.apply()).toMatchObject({ changed: 1 });
    expect(await box.on('phone', `curl -s -m 5 http://${BOX}/`)).toBe('from the site\n');
  });

  it('becomes rules inside firewalld, undone to the byte', async () => {
    box = await labBox(release);
    await box.on('box', `${install('firewalld')}; systemctl is-active firewalld`);
    const state = `firewall-cmd --list-all; firewall-cmd --permanent --list-all; ls /etc/firewalld/zones`;
    const before = await box.on('box', state);
    const engine = new Box(LAB);
    const rules = [
      { protocol: 'tcp', port: 80, from: '192.168.1.0/24', why: 'blog http' },
      { protocol: 'udp', port: 53, from: 'any', why: 'dns main' },
      { protocol: 'tcp', port: 80, from: 'fe80::/10', why: 'blog http' },
      { protocol: 'tcp', port: 21_000, lastPort: 21_019, from: '192.168.1.0/24', why: 'ftp transfers' },
    ] as const;
    const resource = firewalld.of({ zone: 'public', rules: [...rules] });
    const plan = await engine.plan([resource]);
    const { run, steps } = await engine.apply(plan);
    expect(steps).toMatchObject([{ status: 'changed' }]);
    expect((await engine.plan([resource])).changes).toEqual([]);
    await engine.undo(plan, run);
    expect(await box.on('box', state)).toBe(before);
    await engine.forget();

    await box.apply();
    expect(await box.apply()).toMatchObject({ changed: 0, roundTrips: 2 });
    expect(await openPorts(box, 'phone', BOX, '1-1024')).toEqual(['22', '80']);
    expect(await box.on('box', 'nft list tables')).not.toContain('hostwright');
    await box.on('box', 'systemctl restart firewalld');
    expect(await box.changes()).toEqual([]);
  });

  it('refuses to stand beside a firewall that was made by hand', async () => {
    box = await labBox(release);
    const rules =
      'table inet mine { chain in { type filter hook input priority 0; policy drop; tcp dport 22 accept; }; }';
    await box.on('box', `nft '${rules}'`);
    const before = await box.on('box', 'nft list ruleset; ls -R /etc/systemd/system /usr/local/lib');
    const { code, stderr } = await hostwright(['apply', '--yes'], box.folder.path);
    expect(code).toBe(1);
    expect(stderr).toContain('chain in of table inet mine');
    expect(stderr).toContain('tcp dport 80 accept comment "blog http"');
    expect(await box.on('box', 'nft list ruleset; ls -R /etc/systemd/system /usr/local/lib')).toBe(before);
  });

  it('goes back to the very table that was there', async () => {
    box = await labBox(release);
    const engine = new Box(LAB);
    const first = ruleset.of(rulesetOf(compose({ endpoints: [endpoint('blog', 80, 'lan')] })));
    const second = ruleset.of(rulesetOf(compose({ endpoints: [endpoint('web', 443, 'internet')] })));
    const state = `cat /etc/hostwright/firewall.nft; nft -s list table inet hostwright | grep -v expires
systemctl is-active hostwright-firewall hostwright-firewall-lan; systemctl is-enabled hostwright-firewall`;
    const nothing = await box.on('box', 'nft list ruleset; ls -R /etc/systemd/system /etc /usr/local | sort');

    const firstPlan = await engine.plan([first]);
    const firstRun = await engine.apply(firstPlan);
    const before = await box.on('box', state);
    const secondPlan = await engine.plan([second]);
    const secondRun = await engine.apply(secondPlan);
    expect(await box.on('box', state)).not.toBe(before);
    await engine.undo(secondPlan, secondRun.run);
    expect(await box.on('box', state)).toBe(before);
    await engine.undo(firstPlan, firstRun.run);
    expect(await box.on('box', 'nft list ruleset; ls -R /etc/systemd/system /etc /usr/local | sort')).toBe(
      nothing,
    );
  });
});

const LISTEN_8096 = `perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(LocalPort => 8096, Listen => 5, ReuseAddr => 1) or die; while (1) { $s->accept }'`;
