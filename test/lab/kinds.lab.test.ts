import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labDown } from '../../src/lab/down.ts';
import { labUp } from '../../src/lab/up.ts';
import { kindOf } from '../../src/observe/observe.ts';
import type { Resource } from '../../src/resources/kind.ts';
import { allKinds, casesOf } from '../resources/cases.ts';
import { Box } from './box-engine.ts';
import { releasesOf } from './support/releases.ts';

/** Brought before anything else: what a person did to each kind by hand since. Each must show as exactly that change. */
const handEdits: Readonly<Record<string, string>> = {
  'certificate:hw-kinds': 'rm /etc/ssl/hostwright/hw-kinds/key.pem',
  'command:kinds link': 'rm /var/tmp/hw-a',
  'directory:/srv/hostwright-kinds': 'chmod 0700 /srv/hostwright-kinds',
  'file:/etc/hostwright-kinds.conf': 'rm /etc/hostwright-kinds.conf',
  'group:hwkinds': 'groupdel hwkinds',
  'package:jq': 'DEBIAN_FRONTEND=noninteractive apt-get -q -y remove jq',
  'service:hwkinds': 'systemctl stop hwkinds',
  'symlink:/srv/hostwright-link': 'ln -sfn /elsewhere /srv/hostwright-link',
  'sysctl:net.ipv4.conf.all.log_martians': 'echo 0 >/proc/sys/net/ipv4/conf/all/log_martians',
  'user:hwanna': 'usermod --shell /bin/bash hwanna',
};

const UNIT = `[Unit]
Description=A service of the tests
[Service]
ExecStart=/usr/bin/sleep infinity
[Install]
WantedBy=multi-user.target
`;

/** A state without the time at which the host was asked. */
function withoutClock(state: unknown): unknown {
  return typeof state === 'object' ? { ...state, now: undefined } : state;
}

/** Packages first: services need them. */
function samples(): readonly Resource[] {
  const declared = allKinds.flatMap((kind) =>
    casesOf(kind.name).samples.map((sample): Resource => {
      const spec = kindOf(kind.name).schema.parse(sample);
      return { kind: kind.name, id: `${kind.name}:${kind.key(spec)}`, spec, notify: [], guarded: false };
    }),
  );
  const first = (resource: Resource) => (resource.kind === 'package' ? 0 : 1);
  return declared.toSorted((a, b) => first(a) - first(b));
}

describe.each(releasesOf('trixie'))('the kinds on Debian %s', (release) => {
  const name = `kinds-${release}`;
  const box = new Box(name);
  const resources = samples();

  beforeAll(async () => {
    await labUp({ name, release, report: () => {} });
    await box.must(
      `cat >/etc/systemd/system/hwkinds.service <<'END'\n${UNIT}END\nsystemctl daemon-reload; ln -s /etc/passwd /srv/hostwright-gone`,
    );
  });
  afterAll(() => labDown({ name, report: () => {} }));

  it('changes, then has nothing to do, shows one edit as one change, and undoes', async () => {
    const before = await box.observe(resources);
    const plan = await box.plan(resources);
    expect(plan.changes.map(({ id }) => id)).toEqual(resources.map(({ id }) => id));
    expect(plan.changes.filter(({ conflict }) => conflict)).toEqual([]);

    const first = await box.apply(plan);
    expect(first.steps.filter(({ status }) => status !== 'changed')).toEqual([]);
    expect((await box.plan(resources)).changes).toEqual([]);

    const again = await box.apply(plan);
    expect(again.steps.filter(({ status }) => status !== 'unchanged')).toEqual([]);
    await box.changeAgain(plan, first.run);
    expect((await box.plan(resources)).changes).toEqual([]);

    for (const [id, edit] of Object.entries(handEdits)) {
      await box.must(edit);
      const mending = await box.plan(resources);
      expect(mending.changes.map((change) => change.id)).toEqual([id]);
      expect(mending.changes.map(({ conflict }) => conflict)).toEqual([undefined]);
      const { steps } = await box.apply(mending);
      expect(
        steps.map(({ status }) => status),
        steps.map(({ output }) => output).join(),
      ).toEqual(['changed']);
    }
    expect((await box.plan(resources)).changes).toEqual([]);

    await box.undo(plan, first.run);
    // What a command did cannot be known; a removed package leaves its settings behind.
    const undone = resources.filter(({ kind }) => kind !== 'command');
    expect((await box.plan(resources)).changes.map(({ id }) => id)).toEqual(undone.map(({ id }) => id));
    const exact = undone.filter(({ kind }) => kind !== 'package');
    const after = await box.observe(exact);
    for (const { id } of exact) expect(withoutClock(after.get(id)), id).toEqual(withoutClock(before.get(id)));
    expect(await box.must('ls -d /home/hwanna /etc/sysctl.d/*hostwright* 2>&1 || :')).not.toMatch(/^\//m);
  });

  it('gives an account that is made anew the home that an undo has kept', async () => {
    const accounts = resources.filter(({ kind }) => kind === 'user' || kind === 'group');
    const home = "stat -c '%U %G %a' /home/hwanna /home/hwanna/.key";
    const plan = await box.plan(accounts);
    const { run } = await box.apply(plan);
    await box.must('echo key >/home/hwanna/.key && chown hwanna:hwanna /home/hwanna/.key');
    const before = await box.must(home);
    await box.undo(plan, run);
    expect(await box.must("stat -c '%U %G %a' /home/hwanna")).toBe('root root 700\n');
    // Somebody else gets its number meanwhile.
    await box.must('useradd --no-create-home hwother');
    const again = await box.plan(accounts);
    const { steps } = await box.apply(again);
    expect(steps.map(({ status }) => status)).not.toContain('failed');
    expect(await box.must(home)).toBe(before);
    await box.must('userdel hwother');
  });

  it('has a hand edit for every kind with samples', () => {
    const kinds = new Set(Object.keys(handEdits).map((id) => id.split(':')[0]));
    expect([...new Set(resources.map(({ kind }) => kind))].filter((kind) => !kinds.has(kind))).toEqual([]);
  });
});
