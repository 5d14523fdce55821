import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { offerKeyInstall } from '../../src/connect/install-key.ts';
import { connectLocal } from '../../src/connect/local.ts';
import { type KeyFolder, keyFolder, scriptedAsk } from './keys.ts';

let keys: KeyFolder;
beforeEach(() => {
  keys = keyFolder();
  mkdirSync(keys.path('host'));
});
afterEach(() => keys.remove());

const yes = () => scriptedAsk({ 'Install your ssh key': true });

function install(ask = yes()) {
  const connection = connectLocal({ ...process.env, HOME: keys.path('host') });
  return offerKeyInstall(connection, { ask, env: { ...process.env, HOME: keys.path('me') } });
}

const authorized = () => readFileSync(keys.path('host/.ssh/authorized_keys'), 'utf8');

describe('offerKeyInstall', () => {
  it('makes a key if there is none, and installs it once', async () => {
    expect(await install()).toBe('installed');
    expect(await install()).toBe('installed');
    const line = readFileSync(keys.path('me/.ssh/id_ed25519.pub'), 'utf8');
    expect(authorized()).toBe(line);
    expect(statSync(keys.path('host/.ssh')).mode & 0o777).toBe(0o700);
    expect(statSync(keys.path('host/.ssh/authorized_keys')).mode & 0o777).toBe(0o600);
    expect(statSync(keys.path('me/.ssh/id_ed25519')).mode & 0o777).toBe(0o600);
  });

  it('leaves what is there, also a last line without an end and the same key with options', async () => {
    keys.make('old');
    mkdirSync(keys.path('host/.ssh'), { recursive: true });
    writeFileSync(keys.path('host/.ssh/authorized_keys'), keys.publicLine('old'));
    await install();
    expect(authorized().split('\n')).toEqual([
      keys.publicLine('old'),
      expect.stringMatching(/^ssh-ed25519 /),
      '',
    ]);
    const withOptions = `from="10.0.0.0/8" ${authorized().split('\n')[1]}\n`;
    writeFileSync(keys.path('host/.ssh/authorized_keys'), withOptions);
    await install();
    expect(authorized()).toBe(withOptions);
  });

  it('takes a key that is there, also when its public half is not', async () => {
    mkdirSync(keys.path('me/.ssh'), { recursive: true });
    keys.make('me/.ssh/id_ed25519');
    const line = keys.publicLine('me/.ssh/id_ed25519');
    const { rmSync } = await import('node:fs');
    rmSync(keys.path('me/.ssh/id_ed25519.pub'));
    await install();
    expect(authorized().split(' ').slice(0, 2)).toEqual(line.split(' ').slice(0, 2));
  });

  it('does nothing when declined', async () => {
    expect(await install(scriptedAsk({ 'Install your ssh key': false }))).toBe('declined');
    expect(() => authorized()).toThrow();
  });
});
