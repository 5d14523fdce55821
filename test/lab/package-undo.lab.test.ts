import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labDown } from '../../src/lab/down.ts';
import { labUp } from '../../src/lab/up.ts';
import { kind } from '../../src/resources/package.ts';
import { Box } from './box-engine.ts';
import { PackageUndo } from './support/package-undo.ts';
import { releasesOf } from './support/releases.ts';

describe.each(releasesOf('bookworm'))('on %s', (release) => {
  const LAB = `undo-${release}`;
  const box = new Box(LAB);
  const undo = new PackageUndo(box);
  const install = async (...names: string[]) =>
    box.apply(await box.plan(names.map((name) => kind.of({ name }))));

  beforeAll(async () => {
    await labUp({ name: LAB, release, report: () => {} });
    await box.must(
      'export DEBIAN_FRONTEND=noninteractive; apt-get -q update && apt-get -q -y dist-upgrade >/dev/null',
    );
  });
  afterAll(() => labDown({ name: LAB, report: () => {} }));

  it('brings back the whole file system, and loses nothing that was made since', async () => {
    const before = await undo.manifest();
    const { run, steps } = await install(
      ...['nginx', 'postgresql', 'mariadb-server', 'bind9', 'vsftpd', 'unattended-upgrades', 'ufw'],
    );
    expect(
      steps.map(({ status }) => status),
      JSON.stringify(steps),
    ).toEqual(['changed']);
    await box.must(`runuser -u postgres -- psql -qc "create table notes (t text); insert into notes values ('rows-of-mine'); checkpoint" &&
      mariadb -e "create database mine; create table mine.notes (t text) engine=aria; insert into mine.notes values ('rows-of-mine')" &&
      echo mine >/etc/nginx/conf.d/mine.conf && echo '# mine' >>/etc/nginx/nginx.conf && echo mine >/var/www/html/mine.html &&
      echo mine >/usr/share/nginx/mine && echo '192.0.2.9 mine' >>/etc/hosts && mkdir /var/lib/mine && echo mine >/var/lib/mine/data &&
      printf 'mine\n' >"/var/lib/mysql/odd
name" && useradd --system --no-create-home mine`);
    const { code, events, kept } = await undo.of(run);
    expect(code, events).toBe(0);
    const now = await undo.manifest();
    const accounts = /^\/etc\/(passwd|group|shadow|gshadow|subuid|subgid)-?$/;
    const paths = undo.differences(before, now).filter((path) => !accounts.test(path));
    expect(paths).toEqual([
      ...['/etc/hosts', '/var/lib/mine', '/var/lib/mine/data'],
      ...['/var/www', '/var/www/html', '/var/www/html/mine.html'],
    ]);
    expect(await box.must('getent passwd | grep -cE "^(mine|postgres|mysql|bind|ftp|vsftpd):"')).toBe('1\n');
    const found = await box.must(`grep -rlaF rows-of-mine ${kept}; grep -rlxF -e mine -e '# mine' ${kept}`);
    for (const part of ['/var/lib/postgresql/', '/var/lib/mysql/mine/', '/var/lib/mysql/odd']) {
      expect(found).toContain(kept + part);
    }
    for (const path of ['/etc/nginx/conf.d/mine.conf', '/etc/nginx/nginx.conf', '/usr/share/nginx/mine']) {
      expect(found.split('\n')).toContain(kept + path);
      expect(events).toContain(`kept ${path} ${kept}${path}`);
    }
    expect(events).toContain('stays /var/www ');
    // And once more, which has nothing to do.
    expect((await undo.of(run)).code).toBe(0);
    expect(await undo.manifest()).toEqual(now);
    await box.must(
      `userdel mine; rm -r /var/www /var/lib/mine ${kept}; sed -i '/^192.0.2.9 mine$/d' /etc/hosts`,
    );
  });

  it.each(['half-installed', 'half-configured'])(
    'undoes an installation that was killed at %s',
    async (moment) => {
      await undo.settleAccounts();
      const before = await undo.manifest();
      const plan = await box.plan(['nginx', 'redis-server', 'chrony'].map((name) => kind.of({ name })));
      const run = await undo.killed(plan, moment);
      expect(await box.must('dpkg --audit')).not.toBe('');
      const { code, events } = await undo.of(run);
      expect(code, events).toBe(0);
      expect(undo.differences(before, await undo.manifest())).toEqual([]);
      expect(await box.must('dpkg --audit')).toBe('');
    },
  );

  it('may be killed itself, and is done by doing it again', async () => {
    const before = await undo.manifest();
    const { run } = await install('nginx', 'redis-server', 'vsftpd');
    await undo.killedUndo(run, ' remove ');
    await undo.killedUndo(run, ' purge ');
    await undo.killedUndo(run, ' not-installed ');
    const { code, events } = await undo.of(run);
    expect(code, events).toBe(0);
    expect(undo.differences(before, await undo.manifest())).toEqual([]);
  });

  it('ends well where a person has deleted a folder that the package’s script expects', async () => {
    const before = await undo.manifest();
    const { run } = await install('proftpd-core');
    await box.must('rm -r /srv/ftp');
    const { code, events } = await undo.of(run);
    expect(code, events).toBe(0);
    expect(undo.differences(before, await undo.manifest())).toEqual([]);
  });

  it('takes away only what is named, what came along with it, and the rest when the last one goes', async () => {
    const before = await undo.manifest();
    const { run } = await install('jq', 'tree', 'nginx');
    const here = () =>
      box.must("dpkg-query -W -f='${Package} ' | tr ' ' '\\n' | grep -xE 'jq|libjq1|tree|nginx' | xargs");
    expect((await undo.of(run, ['jq'])).code).toBe(0);
    expect(await here()).toBe('nginx tree\n');
    await box.must('systemctl is-active nginx');
    expect((await undo.of(run, ['nginx'])).code).toBe(0);
    expect(await here()).toBe('tree\n');
    expect((await undo.of(run)).code).toBe(0);
    expect(undo.differences(before, await undo.manifest())).toEqual([]);
  });

  it('leaves what something needs that came later, and does not purge what would take older data along', async () => {
    const first = await install('libjq1');
    await install('jq');
    const { code, events } = await undo.of(first.run);
    expect(code, events).toBe(0);
    expect(events).toMatch(/note Stays installed, .*jq depends on libjq1/);
    expect(await box.must('echo 1 | jq .')).toBe('1\n');
    await box.must(
      'mkdir -p /var/lib/mysql && echo old >/var/lib/mysql/old-data && touch /var/lib/mysql/debian-10.11.flag',
    );
    const { run } = await install('mariadb-server');
    const second = await undo.of(run);
    expect(second.code, second.events).toBe(0);
    expect(await box.must('cat /var/lib/mysql/old-data')).toBe('old\n');
  });
});
