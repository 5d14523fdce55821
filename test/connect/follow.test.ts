import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { program } from '../../src/connect/program.ts';
import { Sandbox } from '../apply/sandbox.ts';

let box: Sandbox;
let events: string;
beforeEach(() => {
  box = new Sandbox();
  events = join(box.path, 'state/runs/r1/events');
  mkdirSync(join(events, '..'), { recursive: true });
  writeFileSync(events, 'step-started\t0\n');
  box.program('systemctl', `cat ${box.path}/unit; exit 3`);
  writeFileSync(join(box.path, 'unit'), 'active\n');
});
afterEach(() => box.remove());

/** The program of a session that is asked to follow run r1; what it has answered once it has been left. */
function attach(): Promise<string> {
  const child = spawn('dash', ['-c', box.moved(program.text)], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end('attach r1 NONCE\n');
  return text(child.stdout);
}

describe('following a run', () => {
  it('ends with its last event, whatever becomes of its unit', async () => {
    const answer = attach();
    appendFileSync(events, 'end\t0\n');
    expect(await answer).toBe('step-started\t0\nend\t0\n\nNONCE end 0\n');
  });

  it('ends when nobody is left who could say more, with what came last', async () => {
    const answer = attach();
    appendFileSync(events, 'step-ended\t0\tchan');
    writeFileSync(join(box.path, 'unit'), 'inactive\n');
    expect(await answer).toMatch(/^step-started\t0\nstep-ended\t0\tchan\nlost\t\d+\n\nNONCE end 0\n$/);
  });

  it('goes on while what comes after the run is still under way', async () => {
    writeFileSync(join(box.path, 'unit'), 'deactivating\n');
    const answer = attach();
    await pause(1_500);
    appendFileSync(events, 'end\t137\n');
    expect(await answer).toBe('step-started\t0\nend\t137\n\nNONCE end 0\n');
  });

  it('ends for a run that is not there', async () => {
    const child = spawn('dash', ['-c', box.moved(program.text)], { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.end('attach gone NONCE\n');
    writeFileSync(join(box.path, 'unit'), 'inactive\n');
    expect(await text(child.stdout)).toMatch(/^\nlost\t\d+\n\nNONCE end 0\n$/);
  });
});
