import { afterAll, beforeAll, expect, it } from 'vitest';
import { labDown } from '../../src/lab/down.ts';
import { labUp } from '../../src/lab/up.ts';
import { kind as command } from '../../src/resources/command.ts';
import { kind } from '../../src/resources/package.ts';
import { Box } from './box-engine.ts';

const LAB = 'packages';
const POLICY = '/usr/sbin/policy-rc.d';
const box = new Box(LAB);

const install = async (...names: string[]) =>
  box.apply(await box.plan(names.map((name) => kind.of({ name }))));

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
  expect(changes.map(({ summary }) => summary)).toEqual([expect.stringMatching(/^install jq 1\.\S+$/)]);
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
  expect((await box.apply(plan)).steps.map(({ status }) => status)).toEqual(['changed']);
  expect(await box.must('dpkg --audit')).toBe('');
});

it('waits for another program that is installing', async () => {
  await box.must('apt-get -q -y remove jq >/dev/null 2>&1 || :');
  const plan = await box.plan([kind.of({ name: 'jq' })]);
  // fcntl(2), as dpkg does it; flock(1) is another kind of lock.
  const said = await box.must(`cat >/tmp/lock.pl <<'END'
use Fcntl;
open(my $file, '>>', '/var/lib/dpkg/lock-frontend') or die;
fcntl($file, F_SETLK, my $lock = pack('s s x4 q q i x4', F_WRLCK, 0, 0, 0, 0)) or die;
print "locked\n";
close(STDOUT);
sleep(4);
END
mkfifo /tmp/locked; perl /tmp/lock.pl >/tmp/locked 2>/dev/null & cat /tmp/locked`);
  expect(said).toBe('locked\n');
  const started = performance.now();
  const { steps } = await box.apply(plan);
  expect(steps.map(({ status }) => status)).toEqual(['changed']);
  expect(performance.now() - started).toBeGreaterThan(3_000);
});

it('says which package apt does not know', async () => {
  const { steps } = await install('no-such-package', 'tree');
  expect(steps.at(-1)?.status).toBe('failed');
  expect(steps.at(-1)?.output).toMatch(/^apt does not know no-such-package on this host: check the name/m);
});

it('does not remove what is in the way', async () => {
  const { steps } = await install('sysvinit-core');
  expect(steps.at(-1)?.output).toMatch(
    /^apt would have to remove .*systemd-sysv.*, which hostwright does not do/m,
  );
  expect(await box.must("dpkg-query -W -f='${db:Status-Abbrev}' systemd-sysv")).toBe('ii ');
});

it('says that the packages cannot be fetched', async () => {
  await box.must(
    `echo 'Acquire::http::Proxy "http://127.0.0.1:9";' >/etc/apt/apt.conf.d/zz-nowhere; apt-get clean`,
  );
  const { steps } = await install('bsdextrautils', 'cowsay');
  expect(steps.at(-1)?.output).toMatch(/^The packages could not be fetched: .*127\.0\.0\.1/m);
  await box.must('rm /etc/apt/apt.conf.d/zz-nowhere');
});
