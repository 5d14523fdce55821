import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Shell } from '../../src/quote.ts';
import { renamedHosts } from '../../src/resources/hostname/hosts.ts';
import { kind as hostname } from '../../src/resources/hostname.ts';
import { kind as timezone } from '../../src/resources/timezone.ts';
import { ME, Sandbox } from '../apply/sandbox.ts';

/** A sandbox with an /etc, a kernel's name and time zones of its own, which what runs in it takes for the real ones. */
class Machine extends Sandbox {
  override moved(script: string): string {
    const [owner = '', group = ''] = ME;
    const moved = super
      .moved(script)
      .replaceAll('/etc/', this.at('etc/'))
      .replaceAll('/usr/share/zoneinfo', this.at('usr/share/zoneinfo'))
      .replaceAll('/proc/sys/kernel/hostname', this.at('running'))
      .replaceAll('root root ||', `${owner} ${group} ||`);
    return `PATH=${this.bin}:$PATH\n${moved}`;
  }

  override sh(script: Shell, cwd?: string): ReturnType<Sandbox['sh']> {
    const result = super.sh(script, cwd);
    return { ...result, stdout: Buffer.from(result.stdout.toString().replaceAll(this.path, '')) };
  }

  at(path: string): string {
    return join(this.path, path);
  }

  text(path: string): string {
    return readFileSync(this.at(path), 'utf8');
  }
}

let box: Machine;
beforeEach(() => {
  box = new Machine();
  for (const folder of ['etc', 'usr/share/zoneinfo/Etc', 'usr/share/zoneinfo/Europe'])
    mkdirSync(box.at(folder), { recursive: true });
  for (const zone of ['UTC', 'Etc/UTC', 'Europe/Berlin'])
    writeFileSync(box.at(`usr/share/zoneinfo/${zone}`), zone);
  box.program('systemctl', 'exit 0');
  box.program('hostname', `shift; printf '%s\\n' "$1" >${box.at('running')}`);
});
afterEach(() => box.remove());

describe('a hostname', () => {
  const before = {
    hostname: 'box\n',
    hosts: '127.0.0.1 localhost\n127.0.1.1\tbox.home.arpa box # me\n',
    running: 'box\n',
  };
  beforeEach(() => {
    writeFileSync(box.at('etc/hostname'), before.hostname);
    writeFileSync(box.at('etc/hosts'), before.hosts, { mode: 0o640 });
    writeFileSync(box.at('running'), before.running);
  });

  it('is changed everywhere, and taken back to the byte', async () => {
    const spec = hostname.schema.parse({ name: 'attic' });
    const { step } = box.stepOf(hostname, spec);
    await box.apply(step);
    expect([box.text('etc/hostname'), box.text('running')]).toEqual(['attic\n', 'attic\n']);
    expect(box.text('etc/hosts')).toBe('127.0.0.1 localhost\n127.0.1.1\tattic.home.arpa attic # me\n');
    expect(lstatSync(box.at('etc/hosts')).mode & 0o777).toBe(0o640);
    expect(hostname.diff(spec, box.stepOf(hostname, spec).state, { adopted: false })).toBeUndefined();
    for (const part of ['undo', 'undo'] as const) expect((await box.part(step, part)).status).toBe(0);
    expect([box.text('etc/hostname'), box.text('etc/hosts'), box.text('running')]).toEqual(
      Object.values(before),
    );
    expect(lstatSync(box.at('etc/hosts')).mode & 0o777).toBe(0o640);
  });

  it('stops where the file was changed since the plan', async () => {
    const { step } = box.stepOf(hostname, hostname.schema.parse({ name: 'attic' }));
    writeFileSync(box.at('etc/hosts'), `${before.hosts}192.168.1.5 nas\n`);
    expect((await box.part(step, 'unmoved')).status).not.toBe(0);
  });

  it('is not written through a link', () => {
    renameSync(box.at('etc/hosts'), box.at('etc/theirs'));
    symlinkSync('theirs', box.at('etc/hosts'));
    const spec = hostname.schema.parse({ name: 'attic' });
    const { state } = box.stepOf(hostname, spec);
    expect(() => hostname.diff(spec, state, { adopted: false })).toThrow(/hosts is a symbolic link/);
  });
});

describe('/etc/hosts with another name', () => {
  const rename = (text: string) => renamedHosts(text, { from: 'box', to: 'attic' });
  it.each([
    ['127.0.1.1 box\n', '127.0.1.1 attic\n'],
    ['127.0.1.1\tbox.example.org\tbox alias\n', '127.0.1.1\tattic.example.org\tattic alias\n'],
    ['127.0.1.1 BOX boxer # box\n', '127.0.1.1 attic boxer # box\n'],
    ['# 127.0.1.1 box\n192.168.1.2 box\n', '127.0.1.1\tattic\n# 127.0.1.1 box\n192.168.1.2 box\n'],
    ['127.0.0.1 localhost\n::1 localhost\n', '127.0.0.1 localhost\n127.0.1.1\tattic\n::1 localhost\n'],
    ['192.168.1.20 attic.example.org attic\n', '192.168.1.20 attic.example.org attic\n'],
    ['127.0.1.1 box', '127.0.1.1 attic\n'],
    ['', '127.0.1.1\tattic\n'],
  ])('%j becomes %j', (text, expected) => {
    expect(rename(text)).toBe(expected);
    expect(rename(expected), 'once is enough').toBe(expected);
  });
});

describe('a time zone', () => {
  it('is set, in the old file too where there is one, and taken back as a link', async () => {
    symlinkSync(box.at('usr/share/zoneinfo/Etc/UTC'), box.at('etc/localtime'));
    writeFileSync(box.at('etc/timezone'), 'Etc/UTC\n');
    const { step } = box.stepOf(timezone, timezone.schema.parse({ name: 'Europe/Berlin' }));
    await box.apply(step);
    expect(readlinkSync(box.at('etc/localtime'))).toBe(box.at('usr/share/zoneinfo/Europe/Berlin'));
    expect(box.text('etc/timezone')).toBe('Europe/Berlin\n');
    for (const part of ['undo', 'undo'] as const) expect((await box.part(step, part)).status).toBe(0);
    expect(readlinkSync(box.at('etc/localtime'))).toBe(box.at('usr/share/zoneinfo/Etc/UTC'));
    expect(box.text('etc/timezone')).toBe('Etc/UTC\n');
  });

  it('makes no old file, and removes what it made where there was nothing', async () => {
    const { step } = box.stepOf(timezone, timezone.schema.parse({ name: 'Europe/Berlin' }));
    await box.apply(step);
    expect((await box.part(step, 'undo')).status).toBe(0);
    expect(box.sh(timezone.observe([])).stdout.toString()).toBe('link\t\n');
  });

  it('that the host does not know is refused when it is planned', () => {
    const spec = timezone.schema.parse({ name: 'Europe/Atlantis' });
    const { state } = box.stepOf(timezone, spec);
    expect(() => timezone.diff(spec, state, { adopted: false })).toThrow(
      'There is no time zone Europe/Atlantis',
    );
  });
});
