import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { library } from '../../src/apply/library.ts';
import { joinShell, type Shell, sh } from '../../src/quote.ts';
import type { Kind, Step } from '../../src/resources/kind.ts';
import { allKinds, casesOf, type Situation } from './cases.ts';

/** An account that may change nothing, for scripts that are made to run amok. */
const NOBODY = 65_534;

let sandbox: string;
let stubs: string;

/** Every program is true(1) here: the scripts run, with nothing to do harm with. */
beforeAll(() => {
  sandbox = mkdtempSync(join(tmpdir(), 'hostwright-shell-'));
  chmodSync(sandbox, 0o755);
  stubs = join(sandbox, 'stubs');
  mkdirSync(stubs);
  const names = new Set(['/usr/bin', '/usr/sbin'].flatMap((folder) => readdirSync(folder)));
  for (const name of names) symlinkSync('/bin/true', join(stubs, name));
});

afterAll(() => rmSync(sandbox, { recursive: true, force: true }));

describe.each(allKinds)('the shell of kind $name', (kind) => {
  const { cases, hostile } = casesOf(kind.name);
  const situations: readonly Situation[] = [...cases, ...hostile];

  it('has hostile specs to be tested with', () => expect(hostile).not.toEqual([]));

  it('is valid sh', () => {
    for (const situation of situations) {
      for (const script of scriptsOf(kind, situation)) {
        execFileSync('dash', ['-n'], { input: script.text, stdio: ['pipe', 'ignore', 'pipe'] });
      }
    }
  });

  it('runs nothing that a spec or a host says', () => {
    for (const situation of situations) {
      for (const script of scriptsOf(kind, situation)) expect(filesMadeBy(script)).not.toContain('canary');
    }
  });
});

it('would notice an unquoted value', () => {
  expect(filesMadeBy(sh`printf '%s' "$(: >canary)"`)).toContain('canary');
});

function scriptsOf(kind: Kind<unknown, unknown>, situation: Situation): readonly Shell[] {
  const spec = kind.schema.parse(situation.spec);
  const [state] = kind.parse(Buffer.from(situation.output), [spec]);
  const steps = [kind.step(spec, state), ...(kind.batch ? [kind.batch([{ spec, state }])] : [])];
  return [kind.observe([spec]), kind.observe([spec, spec]), ...steps.flatMap(partsOf)];
}

function partsOf({ converged, unmoved, record, change, undo }: Step): readonly Shell[] {
  return [converged, unmoved, record, change, undo ?? sh`:`];
}

/** Names of the files in the folder that a script was run in. */
function filesMadeBy(script: Shell): readonly string[] {
  const folder = mkdtempSync(join(sandbox, 'run-'));
  chmodSync(folder, 0o777);
  const text = joinShell([library, sh`HW_BEFORE=$PWD HW_BLOBS=$PWD P=$PWD`, sh`(set -e`, script, sh`)`]).text;
  const { error } = spawnSync('/bin/dash', ['-u', '-c', text], {
    cwd: folder,
    env: { PATH: stubs },
    stdio: 'ignore',
    timeout: 10_000,
    ...(process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}),
  });
  if (error) throw error;
  return readdirSync(folder);
}
