import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Shell } from '../../src/quote.ts';
import { dropStaleLocks } from '../../src/resources/shared/account-files.ts';
import { Sandbox } from '../apply/sandbox.ts';

let box: Sandbox;
beforeEach(() => {
  box = new Sandbox();
});
afterEach(() => box.remove());

/** No process has it: the highest is 4194304 (proc(5), pid_max). */
const NOBODY = '9999999';

describe('locks of the account files', () => {
  it('go when whoever made them is gone, and nothing else does', () => {
    const etc = join(box.path, 'work');
    const files: Record<string, string> = {
      passwd: 'root:x:0:0::/root:/bin/sh\n',
      'passwd-': '',
      'passwd.bak': '',
      'passwd.20261122': 'root:x:0:0::/root:/bin/sh\n',
      [`gshadow.${NOBODY}`]: `${NOBODY}\0`,
      [`shadow.${NOBODY}`]: '',
      'group.lock': `${NOBODY}\0`,
      // Reused since the restart, by a program that locks nothing.
      'subuid.lock': `${process.pid}\0`,
      'subgid.7': '8',
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(etc, name), text);
    const script = dropStaleLocks.text.replaceAll('/etc/', `${etc}/`);
    expect(box.sh(new Shell(`set -e\n${script}`))).toMatchObject({ status: 0, stderr: '' });
    expect(readdirSync(etc).sort()).toEqual([
      'passwd',
      'passwd-',
      'passwd.20261122',
      'passwd.bak',
      'subgid.7',
    ]);
  });

  it('stay while a program that changes accounts holds them', () => {
    const etc = join(box.path, 'work');
    const script = dropStaleLocks.text.replaceAll('/etc/', `${etc}/`);
    box.program(
      'useradd',
      `printf '%s\\0' $$ >${etc}/passwd.lock; cp ${etc}/passwd.lock ${etc}/passwd.$$
${script}`,
    );
    expect(box.sh(new Shell(`sh -c 'exec ${join(box.bin, 'useradd')}'`))).toMatchObject({ status: 0 });
    expect(readdirSync(etc)).toHaveLength(2);
  });
});
