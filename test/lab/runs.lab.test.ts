import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { powerCut } from '../../src/lab/box.ts';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { labUp } from '../../src/lab/up.ts';
import {
  hostwright,
  jsonLines,
  start,
  summaryOf,
  type WorkingFolder,
  workingFolder,
} from './support/hostwright.ts';

const LAB = 'runs-test';
const STATE = '/var/lib/hostwright';

const box = async (script: string): Promise<string> => {
  const { code, stdout, stderr } = await labCapture({ name: LAB, node: 'box', argv: ['sh', '-c', script] });
  if (code !== 0) throw new Error(`${script}: ${code}\n${stderr}`);
  return stdout;
};

interface Listed {
  readonly id: string;
  readonly status: string;
  readonly kind: string;
  readonly by: { readonly folder: string; readonly machine: string };
  readonly client: string;
  readonly undoneBy?: string;
}

describe('runs', () => {
  let folder: WorkingFolder;
  const declare = (...roles: string[]): void =>
    folder.write('host.yaml', `host: attic\nconnect: { lab: ${LAB} }\nroles:\n${roles.join('')}`);
  const apply = (...more: string[]) => hostwright(['apply', '--yes', '--json', ...more], folder.path);
  const changed = async (): Promise<unknown> => {
    const finished = await apply();
    expect(summaryOf(finished), finished.stdout + finished.stderr).toMatchObject({ failed: 0 });
    return summaryOf(finished).changed;
  };
  const runs = async (): Promise<readonly Listed[]> => {
    const { stdout, stderr } = await hostwright(['runs', '--json'], folder.path);
    const [list] = jsonLines(stdout);
    if (!list) throw new Error(stderr);
    return list.runs as readonly Listed[];
  };
  /** A role with a command that runs once. */
  const command = (name: string, script: string): string =>
    `  ${name}:\n    recipe: extras\n    commands: [{ name: ${name}, run: [sh, -c, '${script}'], creates: /etc/${name} }]\n`;
  const file = (name: string, path: string, content: string, mode = '0644'): string =>
    `  ${name}:\n    recipe: extras\n    files: [{ path: ${path}, mode: "${mode}", content: ${JSON.stringify(content)} }]\n`;

  beforeAll(async () => {
    await labUp({ name: LAB, release: 'bookworm', report: () => undefined });
    folder = workingFolder();
  });
  afterAll(async () => {
    folder?.remove();
    await labDown({ name: LAB, report: () => undefined });
  });

  it('are in the journal: who, from where, what, with diffs, and no secret', async () => {
    const key = 'TOP-SECRET-KEY';
    declare(file('public', '/etc/public', 'one\ntwo\n'), file('key', '/etc/key', `${key}-1\n`, '0640'));
    expect(await changed()).toBe(2);
    declare(file('public', '/etc/public', 'one\nthree\n'), file('key', '/etc/key', `${key}-2\n`, '0640'));
    expect(await changed()).toBe(2);
    const [second, first] = await runs();
    expect(second).toMatchObject({ status: 'done', kind: 'apply', by: { folder: folder.path } });
    expect(second?.client).toMatch(/^(192\.168\.1\.|fd|2001:)/);
    const show = await hostwright(['runs', 'show', 'last', '--json'], folder.path);
    expect(show.stdout).not.toContain(key);
    expect(jsonLines(show.stdout)[0]).toMatchObject({
      run: { id: second?.id },
      changes: [{ outcome: 'changed' }, { outcome: 'changed' }],
      paths: [
        {
          path: '/etc/public',
          seenBy: 'now',
          editedSince: false,
          diff: '@@ -1,2 +1,2 @@\n one\n-two\n+three',
        },
        { path: '/etc/key', before: { size: 17 }, withheld: expect.any(String) },
      ],
    });
    // What the first run wrote is known from what the second found.
    const before = await hostwright(['runs', 'show', String(first?.id)], folder.path);
    expect(before.stdout).toContain('+two');
    expect(before.stdout).not.toMatch(/three|TOP-SECRET/);
    const back = await hostwright(['rollback', '--yes', '--json'], folder.path);
    expect(summaryOf(back), back.stderr).toMatchObject({ failed: 0 });
    expect(await box('cat /etc/public')).toBe('one\ntwo\n');
    const after = await runs();
    expect(after[0]).toMatchObject({ kind: 'rollback', status: 'done' });
    expect(after[1]).toMatchObject({ status: 'rolled back', undoneBy: after[0]?.id });
  });

  it('begin in spite of what dead runs have left behind', async () => {
    await box(`echo junk >${STATE}/lock; echo 20200101-000000-gone >${STATE}/current`);
    declare(file('public', '/etc/public', 'four\n'));
    expect(await changed()).toBe(1);
    const id = '20200101-000000-half';
    await box(
      `mkdir -p ${STATE}/runs/${id}/before; echo somebody >${STATE}/runs/${id}/owner; echo ${id} >${STATE}/current`,
    );
    declare(file('public', '/etc/public', 'five\n'));
    expect(await changed()).toBe(1);
    expect((await runs()).find((run) => run.id === id)).toMatchObject({ status: 'interrupted' });
    expect(await box(`ls ${STATE}/current 2>/dev/null; :`)).toBe('');
    await box(`rm -r ${STATE}/runs/${id}`);
  });

  it('are refused where they could not end well, before anything changes, with the remedy', async () => {
    declare(file('never', '/etc/never', 'x\n'));
    const refused = async (...words: RegExp[]): Promise<void> => {
      const { code, stderr } = await apply();
      expect({ code, stderr }).toMatchObject({ code: 1 });
      for (const word of words) expect(stderr).toMatch(word);
      expect(await box('ls /etc/never 2>/dev/null; :')).toBe('');
    };
    await box('mv /run/systemd/system /run/systemd/hidden');
    await refused(/is not run by systemd/, /Debian 12 or 13/).finally(() =>
      box('mv /run/systemd/hidden /run/systemd/system'),
    );
    const mounted = (options: string, work: () => Promise<void>): Promise<void> =>
      box(`mkdir -p ${STATE} && mount -t tmpfs -o ${options} none ${STATE}`)
        .then(work)
        .finally(() => box(`umount ${STATE}`));
    await mounted('size=5M', () => refused(/5\.2 MB free/, /needs 16\.8 MB/, /df -h/));
    await mounted('size=100M,nr_inodes=20', () => refused(/hold \d+ more files/, /df -i/));
    await mounted('size=100M,ro', () =>
      refused(/nothing can be written to \/var\/lib\/hostwright/, /remount,rw/),
    );
    // The host's clock is that of this computer: a program tells another time there.
    await box(`printf '#!/bin/sh\\necho 1000000000\\n' >/usr/local/sbin/date; chmod +x /usr/local/sbin/date`);
    const plan = await hostwright(['plan'], folder.path).finally(() => box('rm /usr/local/sbin/date'));
    expect(plan.stdout).toMatch(/clock of the host is \d+ days behind/);
  });

  it('end with a clear failure when they fill the disk, and the next one converges', async () => {
    await box(
      `set -e; mkdir -p /mnt/state ${STATE}; cp -a ${STATE}/. /mnt/state; mount -t tmpfs -o size=32M none ${STATE}; cp -a /mnt/state/. ${STATE}`,
    );
    try {
      // Larger than what is set aside for the last words: saving it cannot succeed.
      await box('head -c 1500000 /dev/zero >/etc/large');
      const fill = `head -c 64000000 /dev/zero >${STATE}/filler; touch /etc/fill`;
      declare(command('fill', fill), file('large', '/etc/large', 'small\n'));
      const adopt = ['--adopt', 'file:/etc/large'];
      const full = await apply(...adopt);
      expect({ code: full.code, stderr: full.stderr }).toMatchObject({ code: 1 });
      // What was done counts as done, though the disk was full by then.
      expect(summaryOf(full)).toMatchObject({ changed: 1, failed: 1 });
      expect(full.stdout).toMatch(/could not be (saved|written)/);
      expect(full.stdout).toMatch(/disk of the host is full/);
      await box(`rm ${STATE}/filler`);
      expect(summaryOf(await apply(...adopt))).toMatchObject({ changed: 1, failed: 0 });
      expect(await changed()).toBe(0);

      // Not even the words about the step find room: the client must not wait for them.
      const mute = `cd ${STATE}/runs/"$(cat ${STATE}/current)"; head -c $((4095 - $(stat -c %s events) % 4096)) /dev/zero | tr "\\\\0" x >>events; echo >>events; head -c 64000000 /dev/zero >${STATE}/filler; rm reserve; head -c 64000000 /dev/zero >>${STATE}/filler; touch /etc/mute`;
      declare(
        `  mute:\n    recipe: extras\n    commands: [{ name: mute, run: [sh, -c, ${JSON.stringify(mute)}], creates: /etc/mute }]\n`,
        file('after', '/etc/after', 'x\n'),
      );
      const lost = await apply();
      expect(lost.code, lost.stdout + lost.stderr).toBe(1);
      expect(lost.stdout).toMatch(/disk of the host is full, \d+ bytes left .*make room/);
      await box(`rm ${STATE}/filler`);
      await changed();
      expect(await box('cat /etc/after')).toBe('x\n');
      expect(await changed()).toBe(0);
    } finally {
      await box(`umount ${STATE}; rm -rf /mnt/state`);
    }
  });

  it('that a power cut has ended are marked so, and the next one goes on', async () => {
    declare(command('slow', 'sleep 20; touch /etc/slow'), file('after', '/etc/after-slow', 'x\n'));
    const run = start(['apply', '--yes', '--json'], folder.path);
    await run.printed('"step-started"');
    await powerCut(LAB);
    expect((await run.finished).code).toBe(4);
    declare(command('slow', 'touch /etc/slow'), file('after', '/etc/after-slow', 'x\n'));
    expect(await changed()).toBe(2);
    expect((await runs()).slice(0, 2).map(({ status }) => status)).toEqual(['done', 'interrupted']);
  });

  it('that change the way in go on over a new connection when the old one is lost', async () => {
    declare('  firewall: {}\n');
    const run = start(['apply', '--yes', '--json'], folder.path);
    await run.printed('"step-started"');
    await box(
      `for p in /proc/[0-9]*; do case $(tr '\\0' ' ' <$p/cmdline 2>/dev/null) in 'sshd: root@'*) kill -9 "\${p#/proc/}" ;; esac; done`,
    );
    const finished = await run.finished;
    expect(finished.code, finished.stdout + finished.stderr).toBe(0);
    expect(summaryOf(finished)).toMatchObject({ failed: 0 });
    const events = jsonLines(finished.stdout);
    expect(JSON.stringify(events)).toContain('connecting anew');
    expect(events.map(({ event }) => event)).toContain('confirmed');
    const ids = events
      .filter(({ event }) => event === 'step-ended')
      .map((event) => JSON.stringify(event.ids));
    expect(new Set(ids).size).toBe(ids.length);
    expect(await changed()).toBe(0);
  });

  it('of one role judge the services of all before they make up for reloads', async () => {
    await box(
      `printf '[Service]\\nExecStart=/bin/sleep infinity\\nExecReload=/bin/touch /etc/reloaded\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/nap.service`,
    );
    const nap = (validate: string) =>
      `  nap:\n    recipe: extras\n    services: [{ name: nap, validate: [${validate}] }]\n`;
    declare('  firewall: {}\n', nap('"true"'));
    await changed();
    await box(
      `mkdir -p ${STATE}/pending; printf 'x 0\\n' >${STATE}/pending/reload:nap; sed -i "s/^x/$(cat /proc/sys/kernel/random/boot_id)/; s/ 0/ 99999999999/" ${STATE}/pending/reload:nap`,
    );
    declare('  firewall: {}\n', nap('"false"'), file('own', '/etc/own-file', 'x\n'));
    const only = await apply('--only', 'own');
    expect(only.code, only.stdout).toBe(1);
    expect(only.stdout).toMatch(/"notified".*"nap".*"ok":false/);
    expect(await box('ls /etc/reloaded 2>/dev/null; cat /etc/own-file')).toBe('x\n');
    declare('  firewall: {}\n', nap('"true"'), file('own', '/etc/own-file', 'x\n'));
    expect((await apply('--only', 'own')).code).toBe(0);
    expect(await box('ls /etc/reloaded')).toBe('/etc/reloaded\n');
  });
});
