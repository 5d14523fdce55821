import { afterAll, beforeAll, expect, it } from 'vitest';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { labUp } from '../../src/lab/up.ts';
import { kind as command } from '../../src/resources/command.ts';
import { kind } from '../../src/resources/package.ts';
import { Box } from './box-engine.ts';
import { PackageUndo } from './support/package-undo.ts';

const LAB = 'packages';
const POLICY = '/usr/sbin/policy-rc.d';
const box = new Box(LAB);

const install = async (...names: string[]) =>
  box.apply(await box.plan(names.map((name) => kind.of({ name }))));

/** What a run has told people while it went on. */
const notes = (run: string): Promise<string> =>
  box.must(
    `sed -n 's/^note\t//p' ${run}/events | while read -r text; do printf '%s' "$text" | base64 -d; echo; done`,
  );

/** A source of its own: hw-base 1 is installed, hw-new needs version 2 of it, hw-foe does not mind it yet. */
const localPackages = `mkdir -p /srv/packages && cd /srv/packages && rm -f ./*
make() {
  mkdir -p "b/DEBIAN" && printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n%s' "$1" "$2" "$3" >b/DEBIAN/control
  dpkg-deb -b b "$1_$2.deb" >/dev/null && rm -r b
  { dpkg-deb -f "$1_$2.deb"; printf 'Filename: ./%s_%s.deb\nSize: %s\nSHA256: %s\n\n' "$1" "$2" "$(stat -c %s "$1_$2.deb")" "$(sha256sum <"$1_$2.deb" | cut -c1-64)"; } >>Packages
}
make hw-base 1 ''; make hw-base 2 ''; make hw-new 1 'Depends: hw-base (>= 2)
'; make hw-foe 1 ''
echo 'deb [trusted=yes] file:/srv/packages ./' >/etc/apt/sources.list.d/local.list
apt-get -q update >/dev/null && apt-get -q -y install hw-base=1 >/dev/null`;

beforeAll(async () => {
  await labUp({ name: LAB, release: 'bookworm', report: () => {} });
  await box.must('apt-get -q update');
});
afterAll(() => labDown({ name: LAB, report: () => {} }));

it('asks apt without writing its cache, and says what would be installed', async () => {
  const caches =
    'ls -l --time-style=full-iso /var/cache/apt /var/lib/apt /var/lib/apt/lists | grep -v ^total';
  await box.must('rm -f /var/cache/apt/*.bin');
  const before = await box.must(caches);
  const { changes } = await box.plan([kind.of({ name: 'jq' })]);
  expect(changes.map(({ summary }) => summary)).toEqual([
    expect.stringMatching(/^install jq 1\.\S+, with 2 packages that it needs: libonig5, libjq1$/),
  ]);
  expect(await box.must(caches)).toBe(before);
});

it('does not let a service start before it is configured, and starts what nobody configured', async () => {
  const seen = '/run/cron-before-the-end';
  const look = ['sh', '-c', `systemctl is-active cron >${seen}; ls ${POLICY} >>${seen} 2>/dev/null; :`];
  const plan = await box.plan([
    kind.of({ name: 'cron' }),
    command.of({ name: 'look', run: look, creates: seen }),
  ]);
  const { steps } = await box.apply(plan);
  expect(steps.map(({ status }) => status)).toEqual(['changed', 'changed']);
  expect(await box.must(`cat ${seen}`)).toBe('inactive\n');
  expect((await box.sh('systemctl is-enabled cron')).stdout).toBe('enabled\n');
  expect((await box.sh('systemctl is-active cron')).stdout).toBe('active\n');
});

it('lets a service that ran before be restarted', async () => {
  await install('cron');
  await box.must('systemctl start cron');
  const before = await box.must('systemctl show --value --property=MainPID cron');
  // dpkg stops and starts cron when it is unpacked over itself, as it does in an upgrade.
  await box.must('cd /tmp && apt-get -q download cron && dpkg --unpack cron_*.deb');
  await install('cron');
  expect((await box.sh('systemctl is-active cron')).stdout).toBe('active\n');
  expect(await box.must('systemctl show --value --property=MainPID cron')).not.toBe(before);
});

it('leaves a policy of the administrator alone', async () => {
  await box.must(`printf '#!/bin/sh\nexit 101\n' >${POLICY}; chmod 755 ${POLICY}`);
  const { steps } = await install('tree');
  expect(steps.map(({ status }) => status)).toEqual(['changed']);
  expect(await box.must(`cat ${POLICY}`)).toBe('#!/bin/sh\nexit 101\n');
  await box.must(`rm ${POLICY}`);
});

it('has a policy that says nothing once its run is dead, and that the next run takes away', async () => {
  const plan = await box.plan([kind.of({ name: 'bc' })]);
  const policy = /printf '%s' '(#!\/bin\/sh.*?\nexit 101\n)'/s.exec(
    plan.steps[0]?.changes[0]?.step.change.text ?? '',
  );
  await box.must(
    `cat >${POLICY} <<'END'\n${policy?.[1]?.replaceAll("'\\''", "'") ?? ''}END\nchmod 755 ${POLICY}`,
  );
  const ask = (unit: string, action = 'start') => box.sh(`${POLICY} ${unit} ${action}; echo $?`);
  expect((await ask('nginx')).stdout).toBe('0\n');
  const holding = 'exec 9>/run/hostwright/packages/lock; flock -n 9; : >/run/hostwright/packages/active;';
  const held = async (words: string) => (await box.sh(`${holding} ${POLICY} ${words} 9>&-; echo $?`)).stdout;
  expect(await held('nginx start')).toBe('101\n');
  expect(await held('--quiet nginx.service "(start) restart"')).toBe('101\n');
  expect(await held('nginx stop')).toBe('0\n');
  expect(await held('logrotate.timer start')).toBe('0\n');
  expect(await held('dbus restart')).toBe('0\n');
  expect((await ask('nginx')).stdout).toBe('0\n');
  expect((await box.apply(plan)).steps.map(({ status }) => status)).toEqual(['changed']);
  expect((await box.sh(`ls ${POLICY}`)).code).not.toBe(0);
});

it('finishes what an interrupted dpkg left behind', async () => {
  await box.must('cd /tmp && apt-get -q download sl libncurses6 && dpkg --unpack sl_*.deb libncurses6_*.deb');
  const plan = await box.plan([kind.of({ name: 'sl' })]);
  expect(plan.changes.map(({ summary }) => summary)).toEqual([
    expect.stringMatching(/^finish installing sl .*, which was interrupted$/),
  ]);
  const { steps, run } = await box.apply(plan);
  expect(steps.map(({ status }) => status)).toEqual(['changed']);
  expect(await notes(run)).toMatch(
    /^An installation on the host was interrupted \(.*sl.*\): finishing it first\.$/m,
  );
  expect(await box.must('dpkg --audit')).toBe('');
});

it.each(['half-installed', 'unpacked'])('takes up again what was killed at %s', async (moment) => {
  await box.must('apt-get -q -y purge redis-server redis-tools >/dev/null 2>&1 || :');
  await new PackageUndo(box).killed(await box.plan([kind.of({ name: 'redis-server' })]), moment);
  expect(await box.must('dpkg --audit')).not.toBe('');
  const { steps, run } = await install('redis-server');
  expect(
    steps.map(({ status }) => status),
    JSON.stringify(steps),
  ).toEqual(['changed']);
  expect(await notes(run)).toMatch(
    /^An installation on the host was interrupted \(.*\): finishing it first\.$/m,
  );
  expect(await box.must('dpkg --audit')).toBe('');
});

it('waits for another program that is installing, and says which', async () => {
  await box.must('apt-get -q -y remove jq >/dev/null 2>&1 || :');
  const plan = await box.plan([kind.of({ name: 'jq' })]);
  // fcntl(2), as dpkg does it; flock(1) is another kind of lock. It lets go as soon as it has been named.
  const said = await box.must(`cat >/tmp/unattended-upgrade <<'END'
use Fcntl;
open(my $file, '>>', '/var/lib/dpkg/lock-frontend') or die;
fcntl($file, F_SETLK, my $lock = pack('s s x4 q q i x4', F_WRLCK, 0, 0, 0, 0)) or die;
print "$$\n";
close(STDOUT);
for (1 .. 600) { last if \`cat /var/lib/hostwright/runs/*/events\` =~ /^note/m; select(undef, undef, undef, 0.1) }
END
rm -rf /var/lib/hostwright/runs/*
mkfifo /tmp/locked; perl /tmp/unattended-upgrade >/tmp/locked 2>/dev/null & cat /tmp/locked`);
  const { steps, run } = await box.apply(plan);
  expect(steps.map(({ status }) => status)).toEqual(['changed']);
  expect(await notes(run)).toBe(
    `Waiting for unattended-upgrade (process ${said.trim()}), which is installing packages on the host.\n`,
  );
});

it('fetches damaged package lists anew', async () => {
  await box.must(`for f in /var/lib/apt/lists/*_Packages*; do printf 'junk\n\njunk: 1\n' >"$f"; done`);
  const plan = await box.plan([kind.of({ name: 'hello' })]);
  expect(plan.changes[0]?.summary).toBe(
    'install hello (apt cannot read its package lists: they are fetched anew first)',
  );
  const { steps, run } = await box.apply(plan);
  expect(steps.map(({ status }) => status)).toEqual(['changed']);
  expect(await notes(run)).toMatch(
    /^apt's package lists on the host are damaged \(.*\): fetching them anew\.$/m,
  );
});

it('refuses what does not fit on the disk, and takes up again what a full disk has stopped', async () => {
  await box.must(
    'mount -t tmpfs -o size=20M tmpfs /var/cache/apt/archives && mkdir -p /var/cache/apt/archives/partial',
  );
  await expect(box.plan([kind.of({ name: 'figlet' })])).rejects.toThrow(
    /^Installing figlet needs \d+ MB of disk space, and \/var\/cache\/apt\/archives on the host has \d+ MB free\./,
  );
  await box.must('umount /var/cache/apt/archives');
  const plan = await box.plan([kind.of({ name: 'figlet' })]);
  // What is full only after the plan was made, and where nobody has looked.
  await box.must(
    `mkdir -p /usr/share/figlet && mount -t tmpfs -o size=64k tmpfs /usr/share/figlet && head -c 60k /dev/zero >/usr/share/figlet/fill`,
  );
  const full = await box.apply(plan);
  expect(full.steps.at(-1)?.output).toMatch(
    /^There is not enough free space .*\d+ kB are free on \/.*apt-get clean.* Then apply again/m,
  );
  await box.must('umount /usr/share/figlet');
  const again = await install('figlet');
  expect(
    again.steps.map(({ status }) => status),
    JSON.stringify(again.steps),
  ).toEqual(['changed']);
  expect(await box.must('dpkg --audit; figlet x | wc -l')).toMatch(/^[1-9]/);
});

it('tells what is missing before anything changes: names, or a way out', async () => {
  await box.must(
    'mv /etc/apt/apt.conf.d/*proxy* /root/ 2>/dev/null; grep -lri proxy /etc/apt/apt.conf.d /etc/apt/apt.conf 2>/dev/null | xargs -r mv -t /root; cp /etc/resolv.conf /root/',
  );
  await box.must(
    "echo 'nameserver 192.0.2.53' >/etc/resolv.conf; echo 'options timeout:1 attempts:1' >>/etc/resolv.conf",
  );
  await expect(box.plan([kind.of({ name: 'toilet' })])).rejects.toThrow(
    /deb\.debian\.org.*cannot find out where that is: its name servers \(192\.0\.2\.53, in \/etc\/resolv\.conf\) do not answer/,
  );
  await box.must('rm /etc/resolv.conf');
  await expect(box.plan([kind.of({ name: 'toilet' })])).rejects.toThrow(/there is no \/etc\/resolv\.conf/);
  const routes = await box.must('ip route show default');
  // A router says where it is again and again (RFC 4861, 6.2.4): it must not do so in between.
  const router = (script: string) => labCapture({ name: LAB, node: 'router', argv: ['sh', '-c', script] });
  const hush =
    'table inet hush { chain output { type filter hook output priority 0; icmpv6 type nd-router-advert drop; }; }';
  expect((await router(`nft '${hush}'`)).code).toBe(0);
  try {
    await box.must(
      'ip route flush default; ip -6 route flush default; ip route del default 2>/dev/null; ip -6 route del default 2>/dev/null; :',
    );
    await expect(box.plan([kind.of({ name: 'toilet' })])).rejects.toThrow(/no way out: no default route/);
  } finally {
    await router('nft delete table inet hush');
    const [, via = '', dev = ''] = /via (\S+) dev (\S+)/.exec(routes) ?? [];
    await box.must(`cat /root/resolv.conf >/etc/resolv.conf; ip route replace default via ${via} dev ${dev}`);
    await box.must(
      'for f in /root/*; do grep -q Proxy "$f" && mv "$f" /etc/apt/apt.conf.d/; done; apt-config dump | grep -q "Acquire::http::Proxy "',
    );
  }
});

it('says which package apt does not know', async () => {
  const { steps } = await install('no-such-package', 'tree');
  expect(steps.at(-1)?.status).toBe('failed');
  expect(steps.at(-1)?.output).toMatch(/^apt does not know no-such-package on this host: check the name/m);
});

it('does not remove what is in the way, and marks what a rollback does not bring back', async () => {
  await expect(box.plan([kind.of({ name: 'sysvinit-core' })])).rejects.toThrow(
    /^Installing sysvinit-core would remove .*systemd-sysv.*, which hostwright does not do by itself/,
  );
  await box.must(localPackages);
  const [change] = (await box.plan([kind.of({ name: 'hw-new' })])).changes;
  expect(change?.summary).toBe('install hw-new 1');
  expect(change?.irreversible).toBe('upgrades hw-base 1 → 2: a rollback does not bring back the old version');
  // The lists change after the plan was made: what it did not name is not removed.
  const plan = await box.plan([kind.of({ name: 'hw-foe' })]);
  await box.must(
    'cd /srv/packages && sed -i "/^Package: hw-foe/a Conflicts: hw-base" Packages && touch -d "2 days ago" /var/lib/apt/lists /var/lib/apt/lists/partial',
  );
  const { steps } = await box.apply(plan);
  expect(steps.at(-1)?.output).toMatch(
    /^With the package lists of now, apt would remove hw-base, which hostwright does not do/m,
  );
  expect(await box.must("dpkg-query -W -f='${Version}' hw-base")).toBe('1');
});

it('says that the packages cannot be fetched', async () => {
  await box.must(
    `echo 'Acquire::http::Proxy "http://127.0.0.1:9";' >/etc/apt/apt.conf.d/zz-nowhere; apt-get clean`,
  );
  const { steps } = await install('bsdextrautils', 'cowsay');
  expect(steps.at(-1)?.output).toMatch(/^The packages could not be fetched: .*127\.0\.0\.1/m);
  await box.must('rm /etc/apt/apt.conf.d/zz-nowhere');
});
