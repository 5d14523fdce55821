import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
import { releasesOf } from './support/releases.ts';

const LAB = 'engine-test';
const releases = releasesOf('bookworm');

const on = async (...argv: string[]): Promise<string> => {
  const { code, stdout, stderr } = await labCapture({ name: LAB, node: 'box', argv });
  if (code !== 0) throw new Error(`${argv.join(' ')}: ${code}\n${stderr}`);
  return stdout;
};

const sha256 = (path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const hash = createHash('sha256');
    createReadStream(path)
      .on('data', (chunk) => hash.update(chunk))
      .on('end', () => resolve(hash.digest('hex')))
      .on('error', reject);
  });

/** A host file for the box with one `extras` role. */
const extras = (body: string): string =>
  `host: attic\nconnect: { lab: ${LAB} }\nroles:\n  own:\n    recipe: extras\n${body}`;

const files = (count: number): string =>
  `    directories:\n      - { path: /etc/many }\n    files:\n${Array.from(
    { length: count },
    (_, index) => `      - { path: /etc/many/file-${index}, content: "number ${index}\\n" }\n`,
  ).join('')}`;

describe.each(releases)('the engine on %s', (release) => {
  let folder: WorkingFolder;

  beforeAll(async () => {
    await labUp({ name: LAB, release, report: () => undefined });
    folder = workingFolder();
  });
  afterAll(async () => {
    folder?.remove();
    await labDown({ name: LAB, report: () => undefined });
  });

  it('changes nothing the second time, in two round trips, for 10 files and for 200', async () => {
    for (const count of [10, 200]) {
      folder.write('host.yaml', extras(files(count)));
      const first = summaryOf(await hostwright(['apply', '--yes', '--take-over', '--json'], folder.path));
      expect(first).toMatchObject({ failed: 0, roundTrips: 3 });
      const second = summaryOf(await hostwright(['apply', '--yes', '--take-over', '--json'], folder.path));
      expect(second).toMatchObject({ changed: 0, failed: 0, roundTrips: 2, unchanged: count + 1 });
    }
  });

  it('names exactly what was changed by hand', async () => {
    folder.write(
      'host.yaml',
      extras(`    packages: [tree, bc]
    groups: [{ name: crew }]
    users: [{ name: worker, groups: [crew] }]
    files: [{ path: /etc/own.conf, content: "a = 1\\n" }, { path: /etc/other.conf, content: "b = 2\\n" }]
    sysctl: { net.ipv4.tcp_keepalive_time: "600", net.ipv4.ip_local_port_range: "20000 60000" }
    services: [{ name: cron-like, enabled: true, running: true }]
`).replace(
        '    services:',
        `    links: [{ path: /etc/own-link, target: /etc/own.conf }]
    services:`,
      ),
    );
    await on(
      'sh',
      '-c',
      `printf '[Unit]\\nDescription=x\\n[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/cron-like.service`,
    );
    const applied = await hostwright(['apply', '--yes', '--take-over', '--json'], folder.path);
    expect(summaryOf(applied), applied.stderr).toMatchObject({ failed: 0 });
    expect(
      summaryOf(await hostwright(['apply', '--yes', '--take-over', '--json'], folder.path)),
    ).toMatchObject({
      changed: 0,
    });

    await on(
      'sh',
      '-c',
      `echo 'a = 3' >/etc/own.conf; apt-get remove -qy tree; gpasswd -d worker crew; usermod -s /bin/sh worker
      systemctl stop cron-like; echo 900 >/proc/sys/net/ipv4/tcp_keepalive_time`,
    );
    const plan = await hostwright(['plan', '--json'], folder.path);
    const { changes, kept } = JSON.parse(plan.stdout) as Record<'changes' | 'kept', { id: string }[]>;
    expect(changes.map(({ id }) => id).sort()).toEqual([
      'package:tree',
      'service:cron-like',
      'sysctl:net.ipv4.tcp_keepalive_time',
      'user:worker',
    ]);
    // An edit by hand is not overwritten unless the user says so.
    expect(kept).toEqual([{ id: 'file:/etc/own.conf', role: 'own', edit: 'edited by hand' }]);
    const taken = await hostwright(
      ['apply', '--yes', '--take-over', '--json', '--on-conflict', 'take'],
      folder.path,
    );
    expect(summaryOf(taken)).toMatchObject({ changed: 5, failed: 0 });
    expect(await on('cat', '/etc/own.conf')).toBe('a = 1\n');
  });

  it('uploads 500 files and one of 300 MB unchanged, in bounded memory', async () => {
    const site = workingFolder();
    try {
      for (let index = 0; index < 500; index += 1) {
        site.write(`public/d${index % 7}/file ${index} 'quoted' $(no) ü.txt`, randomBytes(index * 10));
      }
      site.write('public/big.bin', Buffer.concat(Array.from({ length: 300 }, () => randomBytes(1_000_000))));
      site.write(
        'host.yaml',
        `host: attic\nconnect: { lab: ${LAB} }\nroles:\n  big: { recipe: site, source: ./public }\n`,
      );
      const run = start(['apply', '--yes', '--take-over', '--json', '--no-check'], site.path, {
        NODE_OPTIONS: '--max-old-space-size=64',
      });
      let peak = 0;
      const watch = setInterval(() => {
        try {
          const { pid } = run.child;
          const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
          for (const process of [String(pid), ...children]) {
            const status = readFileSync(`/proc/${process}/status`, 'utf8');
            peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
          }
        } catch {
          // The process ended between two looks.
        }
      }, 50);
      const finished = await run.finished;
      clearInterval(watch);
      expect(summaryOf(finished), finished.stderr).toMatchObject({ failed: 0 });
      expect(peak).toBeGreaterThan(0);
      expect(peak).toBeLessThan(200);
      const there = (
        await on('sh', '-c', 'cd /var/www/big && sha256sum big.bin && find . -type f | wc -l')
      ).split('\n');
      expect(there[0]).toBe(`${await sha256(join(site.path, 'public/big.bin'))}  big.bin`);
      expect(there[1]).toBe('501');
      const again = summaryOf(
        await hostwright(['apply', '--yes', '--take-over', '--json', '--no-check'], site.path),
      );
      expect(again).toMatchObject({ changed: 0, roundTrips: 2 });
    } finally {
      site.remove();
    }
  });

  it('removes what it placed and the source lost, keeps what others placed, and says so', async () => {
    const site = workingFolder({ 'public/a.txt': 'a', 'public/sub/b.txt': 'b' });
    try {
      site.write(
        'host.yaml',
        `host: attic\nconnect: { lab: ${LAB} }\nroles:\n  small: { recipe: site, source: ./public, port: 8088 }\n`,
      );
      expect((await hostwright(['apply', '--yes', '--no-check', '--take-over'], site.path)).code).toBe(0);
      await on('sh', '-c', 'echo mine >/var/www/small/sub/theirs.txt');
      site.remove();
      const less = workingFolder({
        'public/a.txt': 'a',
        'host.yaml': `host: attic\nconnect: { lab: ${LAB} }\nroles:\n  small: { recipe: site, source: ./public, port: 8088 }\n`,
      });
      const { stdout, stderr, code } = await hostwright(
        ['apply', '--yes', '--no-check', '--take-over'],
        less.path,
      );
      less.remove();
      expect(code, stdout + stderr).toBe(0);
      expect(stdout).toMatch(/theirs\.txt/);
      expect(await on('sh', '-c', 'cd /var/www/small && find . -type f | sort')).toBe(
        './a.txt\n./sub/theirs.txt\n',
      );
    } finally {
      site.remove();
    }
  });

  it('goes on on the host when hostwright is killed, and the next apply attaches', async () => {
    folder.write(
      'host.yaml',
      extras(
        `    commands:\n      - { name: slow, run: [sh, -c, "sleep 6; touch /etc/slow-done"], creates: /etc/slow-done }\n    files: [{ path: /etc/after-slow, content: "x\\n" }]\n`,
      ),
    );
    const run = start(['apply', '--yes', '--take-over', '--json'], folder.path);
    await run.printed('"step-started"');
    // The process of the laptop is a child of the one that was started; both go without a word.
    const children = readFileSync(`/proc/${run.child.pid}/task/${run.child.pid}/children`, 'utf8')
      .trim()
      .split(' ');
    for (const pid of children) process.kill(Number(pid), 'SIGKILL');
    run.child.kill('SIGKILL');
    await run.finished;
    const next = await hostwright(['apply', '--yes', '--take-over', '--json'], folder.path);
    expect(jsonLines(next.stdout).map(({ event }) => event)).toContain('attached');
    expect(summaryOf(next)).toMatchObject({ changed: 0, failed: 0 });
    expect(await on('cat', '/etc/after-slow')).toBe('x\n');
  });

  it('refuses a second run at the same time and names the first', async () => {
    folder.write(
      'host.yaml',
      extras(
        `    commands:\n      - { name: slower, run: [sh, -c, "sleep 5; touch /etc/slower-done"], creates: /etc/slower-done }\n`,
      ),
    );
    const first = start(['apply', '--yes', '--take-over', '--json'], folder.path);
    await first.printed('"step-started"');
    const plan = await hostwright(['plan'], folder.path);
    expect(plan.stdout + plan.stderr).toMatch(/A run is going on there/);
    expect((await first.finished).code).toBe(0);
  });

  it('stops at the first failure, says what was not done, and keeps what is owed to services', async () => {
    await on(
      'sh',
      '-c',
      `printf '[Service]\\nExecStart=/bin/sleep infinity\\nExecReload=/bin/touch /run/reloaded\\n' >/etc/systemd/system/owed.service; systemctl daemon-reload; systemctl start owed`,
    );
    const body = (command: string): string =>
      extras(
        `    files: [{ path: /etc/owed.conf, content: "1\\n", notify: { service: owed, action: reload } }]\n    commands:\n      - { name: breaks, run: [${command}], creates: /etc/never-there }\n      - { name: later, run: [touch, /etc/later], creates: /etc/later }\n`,
      );
    folder.write('host.yaml', body('"false"'));
    const broken = await hostwright(['apply', '--yes', '--take-over', '--json'], folder.path);
    expect(broken.code).toBe(1);
    expect(summaryOf(broken)).toMatchObject({ changed: 1, failed: 1, skipped: ['command:own/later'] });
    expect(await on('sh', '-c', 'ls /run/reloaded 2>/dev/null || echo none')).toBe('none\n');
    folder.write('host.yaml', body('touch, /etc/never-there'));
    const mended = await hostwright(['apply', '--yes', '--take-over', '--json'], folder.path);
    expect(mended.code, mended.stderr).toBe(0);
    expect(await on('ls', '/run/reloaded')).toBe('/run/reloaded\n');
  });

  it('does not take what a step had half made for somebody else’s', async () => {
    const half = `    directories: [{ path: /srv/half, group: late, mode: "2770" }]\n`;
    folder.write('host.yaml', extras(half));
    expect((await hostwright(['apply', '--yes', '--take-over'], folder.path)).code).toBe(1);
    expect(await on('stat', '-c', '%a %G', '/srv/half')).toBe('700 root\n');
    folder.write('host.yaml', extras(`    groups: [{ name: late }]\n${half}`));
    const mended = await hostwright(['apply', '--yes', '--take-over', '--json'], folder.path);
    expect(summaryOf(mended), mended.stderr).toMatchObject({ changed: 2, failed: 0 });
    // Made by others after that, it is theirs.
    await on('sh', '-c', 'mkdir -m 755 /srv/other');
    folder.write('host.yaml', extras(half.replace('half', 'other')));
    expect((await hostwright(['apply', '--yes', '--take-over'], folder.path)).code).toBe(1);
  });

  it('stops at a safe point on Ctrl-C, with exit 130, and finishes next time', async () => {
    folder.write(
      'host.yaml',
      extras(
        `    commands:\n      - { name: one, run: [sh, -c, "sleep 3; touch /etc/step-one"], creates: /etc/step-one }\n      - { name: two, run: [touch, /etc/step-two], creates: /etc/step-two }\n`,
      ),
    );
    const run = start(['apply', '--yes', '--take-over', '--json'], folder.path);
    await run.printed('"step-started"');
    run.child.kill('SIGINT');
    const stopped = await run.finished;
    expect(stopped.code).toBe(130);
    expect(await on('sh', '-c', 'ls /etc/step-one /etc/step-two 2>/dev/null || :')).toBe('/etc/step-one\n');
    expect((await hostwright(['apply', '--yes', '--take-over'], folder.path)).code).toBe(0);
    expect(await on('ls', '/etc/step-two')).toBe('/etc/step-two\n');
  });

  it('leaves a run that was killed on the host marked as interrupted, and converges next time', async () => {
    folder.write(
      'host.yaml',
      extras(
        `    commands:\n      - { name: killed, run: [sh, -c, "sleep 4; touch /etc/killed-done"], creates: /etc/killed-done }\n`,
      ),
    );
    const run = start(['apply', '--yes', '--take-over', '--json'], folder.path);
    await run.printed('"step-started"');
    await on(
      'sh',
      '-c',
      `systemctl kill -s KILL "$(systemctl list-units --plain --no-legend 'hostwright-run-*' | cut -d' ' -f1)"`,
    );
    expect((await run.finished).code).toBe(1);
    await pause(200);
    const next = await hostwright(['apply', '--yes', '--take-over', '--json'], folder.path);
    expect(summaryOf(next), next.stderr).toMatchObject({ changed: 1, failed: 0 });
  });

  it('refuses a system that it does not support, names it, and touches nothing', async () => {
    folder.write('host.yaml', extras(`    files: [{ path: /etc/never, content: "x\\n" }]\n`));
    await on(
      'sh',
      '-c',
      'mv /etc/os-release /etc/os-release.real; printf \'ID=fedora\\nPRETTY_NAME="Fedora 42"\\n\' >/etc/os-release',
    );
    try {
      for (const command of [['plan'], ['apply', '--yes', '--take-over']]) {
        const { code, stderr } = await hostwright(command, folder.path);
        expect(code).toBe(1);
        expect(stderr).toContain('Fedora 42');
        expect(stderr).toContain('Debian 12');
      }
      expect(await on('sh', '-c', 'ls /etc/never 2>/dev/null; :')).toBe('');
    } finally {
      await on('mv', '/etc/os-release.real', '/etc/os-release');
    }
  });

  it('lets only one of two runs that start at the same moment do its work', async () => {
    folder.write(
      'host.yaml',
      extras(
        `    commands:\n      - { name: both, run: [sh, -c, "sleep 3; echo ran >>/etc/both-ran"], creates: /etc/both-ran }\n`,
      ),
    );
    const two = await Promise.all(
      [1, 2].map(() => hostwright(['apply', '--yes', '--take-over', '--json'], folder.path)),
    );
    expect(await on('cat', '/etc/both-ran')).toBe('ran\n');
    for (const { code, stderr } of two) if (code !== 0) expect(stderr).toMatch(/Another run is going on/);
    expect(two.map(({ code }) => code)).toContain(0);
    expect(
      summaryOf(await hostwright(['apply', '--yes', '--take-over', '--json'], folder.path)),
    ).toMatchObject({
      changed: 0,
    });
  });

  it('writes nothing when it plans', async () => {
    folder.write('host.yaml', extras(`    files: [{ path: /etc/planned-only, content: "x\\n" }]\n`));
    const list = `find / -xdev -newer /run/mark -not -path '/proc/*' -not -path '/var/log/journal/*' -not -path '/run/*' -not -path '/tmp' -not -path '/var/log/wtmp' -not -path '/var/log/lastlog' -type f; :`;
    await on('touch', '/run/mark');
    await pause(20);
    expect((await hostwright(['plan'], folder.path)).code).toBe(0);
    expect(await on('sh', '-c', list)).toBe('');
  });
});
