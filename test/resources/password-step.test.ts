import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Step } from '../../src/resources/kind.ts';
import { kind as password } from '../../src/resources/password.ts';
import { Secret } from '../../src/secrets/secret.ts';
import { Sandbox } from '../apply/sandbox.ts';

/** With an /etc of its own. */
class Machine extends Sandbox {
  readonly shadow = join(this.path, 'etc/shadow');

  override moved(script: string): string {
    return `PATH=${this.bin}:$PATH\n${super.moved(script).replaceAll('/etc', join(this.path, 'etc'))}`;
  }

  async must(step: Step, part: Parameters<Sandbox['part']>[1]): Promise<void> {
    const { status, stderr } = await this.part(step, part);
    expect(status, stderr).toBe(0);
  }
}

const BEFORE = 'root:*:1::::::\nada:old:2:0:9:7:::\nada-b:x:3::::::\n';

let box: Machine;
let step: Step;
beforeEach(async () => {
  box = new Machine();
  mkdirSync(join(box.path, 'etc'));
  writeFileSync(box.shadow, BEFORE);
  box.program('chpasswd', `cat >/dev/null; sed -i 's/^ada:[^:]*/ada:ours/' ${box.shadow}`);
  step = box.stepOf(password, { user: 'ada', secret: new Secret('a secret') }).step;
  for (const part of ['record', 'change', 'after'] as const) await box.must(step, part);
  expect(readFileSync(box.shadow, 'utf8')).toContain('ada:ours:');
});
afterEach(() => box.remove());

describe('a password that is taken back', () => {
  it('is what it was, byte for byte', async () => {
    await box.must(step, 'undo');
    expect(readFileSync(box.shadow, 'utf8')).toBe(BEFORE);
    await box.must(step, 'undo');
    expect(readFileSync(box.shadow, 'utf8')).toBe(BEFORE);
  });

  it('stays when its owner has set another one since: that may be the only one known', async () => {
    const theirs = BEFORE.replace('ada:old', 'ada:theirs');
    writeFileSync(box.shadow, theirs);
    await box.must(step, 'undo');
    expect(readFileSync(box.shadow, 'utf8')).toBe(theirs);
  });
});
