import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Result } from '../../src/check/report.ts';
import { LABS } from '../../src/lab/places.ts';
import type { Rehearsal } from '../../src/rehearse/stage.ts';
import { hostwright, start, type WorkingFolder, workingFolder } from './support/hostwright.ts';
import { releasesOf } from './support/releases.ts';

const HOST_FILE = `host: attic
connect: { ssh: pi@192.0.2.77 }
roles:
  firewall: {}
  blog: { recipe: site, source: ./public, expose: lan }
`;

/** Labs of rehearsals whose process is the one given, or any. */
const labs = (pid: number | string = ''): string[] =>
  (existsSync(LABS) ? readdirSync(LABS) : []).filter((name) => name.startsWith(`rehearse-${pid}`));

let folder: WorkingFolder;
beforeEach(() => {
  folder = workingFolder();
  folder.write('host.yaml', HOST_FILE);
  folder.write('public/index.html', '<!doctype html><title>Blog</title>hello');
});
afterEach(() => folder.remove());

describe.each(releasesOf('bookworm'))('a rehearsal on %s', (release) => {
  it('applies, applies nothing again, reboots and checks from phone and internet; its lab is gone then', async () => {
    const run = start(['rehearse', '--release', release, '--json'], folder.path);
    const { code, stdout, stderr } = await run.finished;
    expect(code, stderr).toBe(0);
    const { v, ok, stages, check, plan } = JSON.parse(stdout) as Rehearsal;
    expect({ v, ok }).toEqual({ v: 1, ok: true });
    expect(stages.map((stage) => [stage.name, stage.ok])).toEqual([
      ['up', true],
      ['apply', true],
      ['apply again', true],
      ['reboot', true],
      ['check', true],
      ['rollback', true],
    ]);
    expect(plan?.changes.length).toBeGreaterThan(3);
    const from = (vantage: string): readonly Result[] =>
      (check?.results ?? []).filter((result) => result.vantage === vantage);
    expect(check?.vantages.map(({ name, sameLan }) => [name, sameLan])).toEqual([
      ['self', true],
      ['here', true],
      ['phone', true],
      ['internet', false],
    ]);
    expect(from('phone').map(({ expect: wanted }) => wanted)).toEqual([
      'reachable',
      'reachable',
      'reachable',
    ]);
    expect(from('phone').every(({ steps }) => steps.at(-1)?.name === 'content')).toBe(true);
    // The router's own public address, and the host's IPv6 address that means the same out there.
    expect(from('internet').map(({ address }) => address)).toEqual([
      expect.stringMatching(/^2001:db8:1:/),
      '203.0.113.2',
    ]);
    expect(from('internet').every(({ expect: wanted, ok: blocked }) => wanted === 'blocked' && blocked)).toBe(
      true,
    );
    expect(labs(run.child.pid)).toEqual([]);
  });
});

describe('a rehearsal that does not go well', () => {
  it('reports a script that fails, and what was not reached', async () => {
    folder.write('old.sh', '#!/bin/bash\necho "no such disk" >&2\ncat\nexit 3\n');
    const { code, stdout, stderr } = await hostwright(
      ['rehearse', '--before', 'old.sh', '--json'],
      folder.path,
    );
    expect(code).toBe(1);
    expect(stderr).toContain('no such disk');
    const { ok, stages, check } = JSON.parse(stdout) as Rehearsal;
    expect({ ok, check }).toEqual({ ok: false, check: null });
    expect(stages.map((stage) => [stage.name, stage.ok, stage.detail === 'not reached'])).toEqual([
      ['up', true, false],
      ['before', false, false],
      ['apply', false, true],
      ['apply again', false, true],
      ['reboot', false, true],
      ['check', false, true],
      ['rollback', false, true],
    ]);
  });

  it('says what a machine that was there before stands in the way of', async () => {
    folder.write('old.sh', 'mkdir -p /var/www/blog && echo mine >/var/www/blog/index.html\n');
    const { code, stdout } = await hostwright(['rehearse', '--before', 'old.sh'], folder.path);
    expect(code).toBe(1);
    expect(stdout).toContain('✓ before');
    expect(stdout).toContain('✗ apply');
    expect(stdout).toContain('Your host has not been touched');
  });

  it('takes its lab away after Ctrl-C, and says so with exit code 130', async () => {
    const run = start(['rehearse'], folder.path);
    await run.printed('Applying the host file');
    run.child.kill('SIGINT');
    const { code } = await run.finished;
    expect(code).toBe(130);
    expect(labs(run.child.pid)).toEqual([]);
  });

  it('clears away what a rehearsal left behind that was killed', async () => {
    const killed = start(['rehearse'], folder.path);
    await killed.printed('✓ up');
    const exited = once(killed.child, 'exit');
    killed.child.kill('SIGKILL');
    await exited;
    expect(labs(killed.child.pid)).toHaveLength(1);
    folder.write('stop.sh', 'exit 1\n');
    await hostwright(['rehearse', '--before', 'stop.sh'], folder.path);
    expect(labs(killed.child.pid)).toEqual([]);
    // The hostwright inside the lab lived on; without its lab it ends by itself.
    await killed.finished;
  });
});
