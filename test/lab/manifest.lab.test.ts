import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtInCatalogue } from '../../src/compose/catalogue.ts';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import { labUp } from '../../src/lab/up.ts';
import { differences, type Manifest } from '../../src/rehearse/manifest.ts';
import { workingFolder } from './support/hostwright.ts';
import { manifestOf } from './support/manifest.ts';
import { applyCase, change, inTurns, type LabCase, labCases } from './support/recipe-cases.ts';
import { restoreSnapshot, takeSnapshot, upToDate } from './support/snapshot.ts';

const LAB = 'manifest';

/** What has hostwright's name, once its last run has said its last word: kept data and logs aside. */
const LEFT = `timeout 20 sh -c "while systemctl list-units --plain --no-legend --state=activating,active,deactivating 'hostwright-run-*' | grep -q .; do sleep 0.1; done"
find / -xdev -name '*hostwright*' -not -path '/var/backups/*' -not -path '/var/log/*'`;

const turns = inTurns(labCases(LAB));

it('takes every recipe back in both ways and on both releases, each case at least once', () => {
  const recipeOf = ({ name }: LabCase) => name.slice(0, name.indexOf('/'));
  for (const recipe of builtInCatalogue().names()) {
    const own = turns.filter(({ example }) => recipeOf(example) === recipe);
    expect(new Set(own.map(({ way }) => way)).size, recipe).toBe(2);
    expect(new Set(own.map(({ release }) => release)).size, recipe).toBe(2);
  }
  expect(new Set(turns.map(({ example }) => example.name))).toEqual(
    new Set(labCases(LAB).map(({ name }) => name)),
  );
});

/**
 * Every recipe, from its own cases: applied and taken back, the machine is as it was. A new recipe is tried as soon as it
 * has a case.
 */
describe.each(['bookworm', 'trixie'] as const)('on %s', (release) => {
  let before: Manifest;
  const mine = turns.filter((turn) => turn.release === release);
  const rolledBack = mine.filter(({ way }) => way === 'rollback');
  const removed = mine.filter(({ way }) => way === 'remove');

  beforeAll(async () => {
    await labUp({ name: LAB, release, report: () => undefined });
    await upToDate(LAB);
    await takeSnapshot(LAB, 'start');
    before = await manifestOf(LAB);
  });
  afterAll(() => labDown({ name: LAB, report: () => undefined }));

  /** Runs `work`, after which everything has to be as it was; whoever comes next finds a machine of its own. */
  const leavesNoTrace = async (example: LabCase, work: (folder: string) => Promise<void>): Promise<void> => {
    const folder = workingFolder(example.files);
    try {
      await work(folder.path);
      expect(differences(before, await manifestOf(LAB))).toEqual([]);
    } finally {
      folder.remove();
      await restoreSnapshot(LAB, 'start');
    }
  };

  it.each(rolledBack)('$example.name: apply, then rollback', ({ example }) =>
    leavesNoTrace(example, async (folder) => {
      const changes = await applyCase(folder);
      if (changes.length > 0) await change(['rollback'], folder);
    }),
  );

  it.each(removed)('$example.name: apply, then remove', ({ example }) =>
    leavesNoTrace(example, async (folder) => {
      await applyCase(folder);
      // Later ones may stand on earlier ones.
      for (const role of example.roles.slice(1).toReversed()) await change(['remove', role], folder);
      await change(['remove', '--all'], folder);
      const { stdout } = await labCapture({ name: LAB, node: 'box', argv: ['sh', '-c', LEFT] });
      expect(stdout).toBe('');
    }),
  );

  it('sees what a careless tool would leave behind', async () => {
    const careless = `echo more >>/etc/motd; chmod 600 /etc/hosts; chown 1000 /etc/fstab; ln -sf /dev/null /etc/systemd/system/x.service
      mkdir /opt/left; useradd -m left; apt-get install -qy bc; systemctl disable -q ssh.service; nft add table inet left; hostname left
      apt-mark auto ca-certificates; echo 599 >/proc/sys/net/ipv4/tcp_keepalive_time; rm /etc/issue`;
    const { code, stderr } = await labCapture({ name: LAB, node: 'box', argv: ['sh', '-ec', careless] });
    expect(code, stderr).toBe(0);
    const seen = differences(before, await manifestOf(LAB));
    await restoreSnapshot(LAB, 'start');
    for (const part of [
      /^~ files: \/etc\/motd f 644 root:root \w+ → f 644 root:root \w+$/m,
      /^~ files: \/etc\/hosts f 644 \S+ \w+ → f 600/m,
      /^~ files: \/etc\/fstab .*root:root.*→.*nopass:root/m,
      /^\+ files: \/etc\/systemd\/system\/x.service l 777 root:root → \/dev\/null$/m,
      /^\+ files: \/opt\/left d 755/m,
      /^- files: \/etc\/issue f/m,
      /^\+ files: \/home\/left d/m,
      /^\+ users: left /m,
      /^\+ groups: left /m,
      /^\+ packages: bc:amd64 .* ii$/m,
      /^\+ manual: bc/m,
      /^- manual: ca-certificates/m,
      /^~ unit files: ssh.service enabled → disabled$/m,
      /^\+ firewall: table inet left/m,
      /^~ machine: hostname box → left$/m,
      /^~ sysctl: net\/ipv4\/tcp_keepalive_time \d+ → 599$/m,
    ])
      expect(seen.join('\n')).toMatch(part);
    expect(differences(before, await manifestOf(LAB))).toEqual([]);
  });
});
