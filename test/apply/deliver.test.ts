import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { library } from '../../src/apply/library.ts';
import { runner } from '../../src/apply/runner.ts';
import { sh } from '../../src/quote.ts';
import { Sandbox } from './sandbox.ts';

/** Of this boot, in hundredths of a second since it. */
const EARLY = 100;
const LATE = 300;

let box: Sandbox;
let calls: string;
let dropIns: string;

beforeEach(() => {
  box = new Sandbox();
  calls = join(box.path, 'calls');
  dropIns = join(box.path, 'drop-ins');
  writeFileSync(dropIns, '');
  mkdirSync(join(box.path, 'state', 'pending'));
  mkdirSync(join(box.path, 'state', 'runs', 'one'), { recursive: true });
  box.program(
    'systemctl',
    `case $* in
*ActiveEnterTimestampMonotonic*) echo 2000000 ;;
*ActiveState*) echo active ;;
*NeedDaemonReload*) echo no ;;
*DropInPaths*) cat '${dropIns}' ;;
*) echo "$*" >>'${calls}' ;;
esac`,
  );
});
afterEach(() => box.remove());

/** What systemd is told for these marks of the service `web`, which was started 200 hundredths of a second after boot. */
function told(marks: Readonly<Record<string, number>>): readonly string[] {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const pending = join(box.path, 'state', 'pending');
  for (const [action, time] of Object.entries(marks))
    writeFileSync(join(pending, `${action}:web`), `${boot} ${time}\n`);
  const { status, stderr } = box.sh(sh`HW_ID=one
${library}
${runner}
hw_validate() { :; }
hw_deliver "$HW_STATE"/pending/*:*`);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(readdirSync(pending)).toEqual([]);
  return existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : [];
}

describe('what a service is told at the end of a run', () => {
  it('is to restart, which does for a reload', () => {
    expect(told({ reload: LATE, restart: LATE })).toEqual(['restart -- web.service']);
  });

  it('is to reload for what came after it was started, though a restart was owed before', () => {
    expect(told({ reload: LATE, restart: EARLY })).toEqual(['reload -- web.service']);
  });

  it('is nothing where it was started since', () => {
    expect(told({ reload: EARLY, restart: EARLY })).toEqual([]);
  });

  it('comes after systemd has read drop-ins in a folder that it has overlooked, and only then', () => {
    const folder = join(box.path, 'units', 'web.service.d');
    mkdirSync(folder);
    expect(told({ restart: LATE })).toEqual(['daemon-reload', 'restart -- web.service']);
    writeFileSync(calls, '');
    writeFileSync(dropIns, `/usr/lib/systemd/system/web.service.d/a.conf ${folder}/hostwright.conf\n`);
    expect(told({ restart: LATE }).filter(Boolean)).toEqual(['restart -- web.service']);
  });
});
