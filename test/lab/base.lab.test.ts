import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fact as sshFact } from '../../src/facts/probes/ssh.ts';
import { labDown } from '../../src/lab/down.ts';
import { laptopArgv } from '../../src/lab/enter.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { type LabState, readLab } from '../../src/lab/state.ts';
import { labUp } from '../../src/lab/up.ts';
import { differences } from '../../src/rehearse/manifest.ts';
import { hostwright, summaryOf, type WorkingFolder, workingFolder } from './support/hostwright.ts';
import { type Login, ssh } from './support/laptop.ts';
import { manifestOf } from './support/manifest.ts';
import { releasesOf } from './support/releases.ts';

const LAB = 'base-test';
const here = dirname(fileURLToPath(import.meta.url));
const DROP_IN = '/etc/ssh/sshd_config.d/00-hostwright.conf';
const { DEFAULT_KEX, DEFAULT_CIPHER, DEFAULT_MAC, DEFAULT_SERVER_HOST_KEY } = createRequire(import.meta.url)(
  'ssh2/lib/protocol/constants.js',
) as Readonly<Record<string, readonly string[]>>;

const onBox = async (script: string): Promise<string> => {
  const { code, stdout, stderr } = await labCapture(
    { name: LAB, node: 'box', argv: ['sh', '-es'] },
    { input: script },
  );
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}\n${stdout}`);
  return stdout;
};

const hostFile = (base: string): string =>
  `host: attic\nconnect: { lab: ${LAB} }\nroles:\n  firewall: {}\n  base: ${base}\n`;

describe.each(releasesOf('bookworm'))('base on %s', (release) => {
  let folder: WorkingFolder;
  let lab: LabState;
  const login = async (who: Login, command = 'id -un'): Promise<string> =>
    (await ssh(lab, who, command)).stdout.trim();
  /** Whether pi gets in within some seconds; a connection that was cut half-way would wait for ever. */
  const getsIn = (): Promise<boolean> =>
    Promise.race([login({ user: 'pi' }).then((name) => name === 'pi'), pause(8_000, false)]);
  const byWord: Login = { user: 'word', password: 'only-a-word' };
  const apply = async (base: string, ...words: string[]) => {
    folder.write('host.yaml', hostFile(base));
    const finished = await hostwright(['apply', '--yes', '--json', '--no-check', ...words], folder.path);
    return { ...finished, summary: summaryOf(finished) };
  };
  const changes = async (base: string): Promise<readonly unknown[]> => {
    folder.write('host.yaml', hostFile(base));
    const { stdout, stderr, code } = await hostwright(['plan', '--json'], folder.path);
    expect(code, stderr).toBe(0);
    return (JSON.parse(stdout) as { changes: { id: string; conflict?: string }[] }).changes.map(
      ({ id, conflict }) => (conflict === undefined ? id : `${id} (${conflict})`),
    );
  };

  beforeAll(async () => {
    await labUp({ name: LAB, release, report: () => undefined });
    lab = await readLab(LAB);
    folder = workingFolder();
    // As cloud images have it: a word on passwords that is read before sshd_config's own.
    await onBox(
      `echo 'PasswordAuthentication no' >/etc/ssh/sshd_config.d/50-cloud-init.conf; systemctl restart ssh
# An upgrade, by itself or since a new package asks for it, is not taken back: all of them come beforehand.
for unit in apt-daily apt-daily-upgrade; do
  mkdir -p /run/systemd/system/$unit.service.d
  printf '[Service]\\nExecStartPre=\\nExecStart=\\nExecStart=/bin/true\\n' >/run/systemd/system/$unit.service.d/no.conf
done
systemctl daemon-reload; systemctl stop apt-daily.service apt-daily-upgrade.service
apt-get -qq update; DEBIAN_FRONTEND=noninteractive apt-get -qq upgrade -y >/dev/null 2>&1`,
    );
  });
  afterAll(async () => {
    folder?.remove();
    await labDown({ name: LAB, report: () => undefined });
  });

  it('does what it says, comes to rest, and is taken back', async () => {
    const before = await manifestOf(LAB);
    const allowing = '{ hostname: attic, timezone: Europe/Berlin, lid: ignore, ssh: { passwords: allow } }';
    const first = (await apply(allowing)).summary;
    expect(first).toMatchObject({ failed: 0 });
    expect((await apply(allowing)).summary).toMatchObject({ changed: 0, roundTrips: 2 });
    expect(await login(byWord)).toBe('word');

    const denying = allowing.replace('allow', 'auto');
    const denied = await apply(denying);
    expect(denied.summary, denied.stdout).toMatchObject({ changed: 1, failed: 0 });
    expect(denied.stdout).toContain('word has a password and no key');
    expect((await apply(denying)).summary).toMatchObject({ changed: 0, roundTrips: 2 });
    expect(await login(byWord)).toBe('');
    expect(await login({ user: 'pi', password: 'raspberry-tart' })).toBe('');
    expect(await login({ user: 'pi' })).toBe('pi');
    expect(
      await login(
        { user: 'root' },
        'hostname; date +%Z; cat /etc/hostname; cat /etc/timezone || echo Europe/Berlin',
      ),
    ).toMatch(/^attic\nCES?T\nattic\nEurope\/Berlin$/);
    expect(await onBox('cat /etc/hosts')).toBe(
      '127.0.0.1 localhost\n127.0.1.1 attic.home.arpa attic\n::1 localhost ip6-localhost ip6-loopback\n',
    );
    expect(
      await onBox(
        'busctl get-property org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager HandleLidSwitch',
      ),
    ).toBe('s "ignore"\n');

    await provesAlgorithms();
    await provesUpgrades();

    // What a person adds to our file stays; a name and a zone are as the host file says.
    await onBox(
      `echo 'MaxSessions 20' >>${DROP_IN}; hostname other; ln -sf /usr/share/zoneinfo/Etc/UTC /etc/localtime`,
    );
    expect(await changes(denying)).toEqual(['hostname:static', 'timezone:system']);
    const mended = await apply(denying);
    expect(mended.summary, mended.stdout).toMatchObject({ changed: 2, failed: 0 });
    expect(await onBox('hostname; readlink /etc/localtime; sshd -T | grep maxsessions')).toBe(
      'attic\n/usr/share/zoneinfo/Europe/Berlin\nmaxsessions 20\n',
    );
    await onBox(`sed -i '/^MaxSessions/d' ${DROP_IN}; systemctl restart ssh`);

    const back = await hostwright(['rollback', String(first.run), '--yes'], folder.path);
    expect(back.code, back.stderr).toBe(0);
    expect(differences(before, await manifestOf(LAB))).toEqual([]);
  });

  /** What sshd offers by now suits node-ssh, and an auditor finds nothing to fault. */
  async function provesAlgorithms(): Promise<void> {
    const offered = new Map(
      (await onBox('sshd -T'))
        .split('\n')
        .map((line) => [line.split(' ')[0], line.split(' ')[1]?.split(',')]),
    );
    for (const [setting, known] of [
      ['kexalgorithms', DEFAULT_KEX],
      ['ciphers', DEFAULT_CIPHER],
      ['macs', DEFAULT_MAC],
      ['hostkeyalgorithms', DEFAULT_SERVER_HOST_KEY],
    ] as const) {
      expect(
        offered.get(setting)?.filter((name) => known?.includes(name)),
        setting,
      ).not.toEqual([]);
    }
    await onBox('apt-get -qq install -y ssh-audit >/dev/null 2>&1');
    const audit = await onBox('ssh-audit --no-colors -l info localhost || :');
    expect(audit).toMatch(/\(kex\) curve25519-sha256 /);
    expect(audit).not.toContain('[fail]');
    await onBox('apt-get -qq purge -y ssh-audit >/dev/null 2>&1; apt-get -qq autoremove -y >/dev/null 2>&1');
  }

  /** A package that brings new settings beside ones that were changed does not ask. */
  async function provesUpgrades(): Promise<void> {
    const upgrade = 'cd /root/conf && apt-get -y install ./2.deb </dev/null 2>&1';
    await onBox(CONF_PACKAGES);
    const ours = '/etc/apt/apt.conf.d/52hostwright-conffiles';
    const asked = await labCapture(
      { name: LAB, node: 'box', argv: ['sh', '-s'] },
      {
        input: `mv ${ours} /root; (${upgrade}); code=$?; mv /root/52hostwright-conffiles ${ours}; exit $code`,
      },
    );
    expect(asked.code, 'without our file the upgrade stops at the question').not.toBe(0);
    expect(asked.stdout).toContain('end of file on stdin at conffile prompt');
    await onBox(upgrade);
    expect(await onBox('cat /etc/hwconf.conf; ls /etc/hwconf.conf.dpkg-dist; dpkg-query -W hwconf')).toBe(
      'changed by hand\n/etc/hwconf.conf.dpkg-dist\nhwconf\t2\n',
    );
    await onBox('dpkg --purge hwconf >/dev/null; rm -rf /root/conf /etc/hwconf*');
    await onBox('unattended-upgrade --dry-run');
    expect(
      await onBox(
        'apt-config shell a APT::Periodic::Unattended-Upgrade b Unattended-Upgrade::Automatic-Reboot',
      ),
    ).toBe("a='1'\nb='false'\n");
  }

  it('knows how each of them logged in, through sudo too', async () => {
    const script = sshFact.script.text;
    const key = await ssh(lab, { user: 'nopass' }, 'sudo sh -s', script);
    expect(sshFact.parse(key.stdout).connection?.login).toEqual({ user: 'nopass', method: 'publickey' });
    await onBox('rm /etc/ssh/sshd_config.d/50-cloud-init.conf; systemctl restart ssh');
    const word = await ssh(lab, byWord, `sudo -S sh -s`, `${byWord.password}\n${script}`);
    expect(sshFact.parse(word.stdout).connection?.login).toEqual({ user: 'word', method: 'password' });
  });

  it('lets a policy on upgrades stay, and names it', async () => {
    await onBox('DEBIAN_FRONTEND=noninteractive apt-get -qq install -y unattended-upgrades >/dev/null 2>&1');
    folder.write('host.yaml', hostFile('{}'));
    const { stdout } = await hostwright(['plan'], folder.path);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'are set up already, in /etc/apt/apt.conf.d/20auto-upgrades: that stays.',
    );
    expect(await changes('{}')).not.toContain('file:/etc/apt/apt.conf.d/52hostwright-upgrades');
  });

  it('touches nothing where sshd would refuse the whole', async () => {
    await onBox("echo 'NoSuchSetting yes' >/etc/ssh/sshd_config.d/60-broken.conf");
    const state = "find /etc/ssh -printf '%p %m %u %l\\n' | sort; cat /etc/ssh/sshd_config.d/*";
    const before = await onBox(state);
    const { summary, stdout } = await apply('{ upgrades: { enabled: false } }');
    expect(summary.failed).not.toBe(0);
    expect(stdout).toContain('60-broken.conf');
    expect(stdout).toContain('NoSuchSetting');
    expect(await onBox(state)).toBe(before);
    expect(await login({ user: 'pi' })).toBe('pi');
    await onBox('rm /etc/ssh/sshd_config.d/60-broken.conf');
  });

  it.each([
    [
      'sshd',
      'systemctl is-active ssh',
      [{ path: DROP_IN, content: 'AllowUsers nobody\n', service: 'ssh', action: 'reload' }],
    ],
    [
      'the network and the resolver',
      'ip -4 -o address show dev eth0 | grep -o "inet [0-9./]*"; cat /etc/resolv.conf',
      [
        { path: '/etc/resolv.conf', content: 'nameserver 192.0.2.1\n' },
        {
          path: '/etc/systemd/network/10-lan.network',
          content: '[Match]\nName=eth0\n\n[Link]\nActivationPolicy=always-down\n',
          service: 'systemd-networkd',
        },
      ],
    ],
  ])('is let in again by the host when %s was changed for the worse', async (_, facts, files) => {
    const settled = async (): Promise<string> => {
      await onBox(
        'timeout 20 sh -c "until ip -4 -o address show dev eth0 | grep -q 192.168.1.20; do sleep 0.2; done"',
      );
      return onBox(
        `${facts}; find ${files.map(({ path }) => path).join(' ')} -printf '%p %m %u %l\\n' 2>&1 || :`,
      );
    };
    const before = await settled();
    const [program = '', ...argv] = laptopArgv(lab, [
      ...[process.execPath, '--import', 'tsx', join(here, 'support/lock-out.ts'), LAB, JSON.stringify(files)],
    ]);
    const run = spawn(program, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    const cut = new Promise<void>((resolve, reject) => {
      run.stdout.on('data', (chunk: Buffer) => {
        output += chunk;
        // With the network down nothing that comes later arrives until it is back.
        if (output.includes('"step-ended"')) resolve();
      });
      run.on('close', () => reject(new Error(`never changed anything:\n${output}`)));
    });
    await cut;
    // networkd has taken its orders when it has started, and carries them out a moment later.
    const begun = performance.now();
    while (await getsIn())
      expect(performance.now() - begun, 'ms in which it was not cut').toBeLessThan(25_000);
    while (!(await getsIn())) expect(performance.now() - begun, 'ms').toBeLessThan(90_000);
    const seconds = (performance.now() - begun) / 1000;
    if (run.exitCode === null) await new Promise((resolve) => run.on('close', resolve));
    expect(seconds).toBeLessThan(60);
    expect(output).toContain('"reverted"');
    expect(await settled()).toBe(before);
  });
});

/** Two versions of a package with one settings file; the first is installed, and its settings changed. */
const CONF_PACKAGES = `umask 022; mkdir -p /root/conf; cd /root/conf
for v in 1 2; do
  mkdir -p $v/DEBIAN $v/etc; echo "version $v" >$v/etc/hwconf.conf; echo /etc/hwconf.conf >$v/DEBIAN/conffiles
  printf 'Package: hwconf\\nVersion: %s\\nArchitecture: all\\nMaintainer: nobody <n@example.org>\\nDescription: settings\\n' $v >$v/DEBIAN/control
  dpkg-deb --build $v $v.deb >/dev/null
done
dpkg -i 1.deb >/dev/null; echo 'changed by hand' >/etc/hwconf.conf`;
