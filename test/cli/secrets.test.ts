import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderWith, hostwright } from './hostwright.ts';

const HOST_FILE = `hostwright: 1
host: attic
connect: { ssh: nobody@127.0.0.1:1 }
roles:
  extras: { users: [{ name: anna, password: vault }] }
`;
const VALUE = 'open sesame';

/** A folder with a vault that has anna's password. */
async function folderWithVault(): Promise<string> {
  const cwd = await folderWith({ 'host.yaml': HOST_FILE });
  const { code, stderr } = await hostwright(['secrets', 'set', 'extras/anna'], { cwd, input: `${VALUE}\n` });
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('Made the key') });
  return cwd;
}

describe('secrets', () => {
  it('are listed without values, and shown only on purpose', async () => {
    const cwd = await folderWithVault();
    const list = await hostwright(['secrets', 'list'], { cwd });
    expect(list.stdout).toMatch(/^attic\/extras\/anna {2}password {2}set \d{4}-\d\d-\d\d\n$/);
    const refused = await hostwright(['secrets', 'show', 'extras/anna'], { cwd });
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('--yes') });
    expect((await hostwright(['secrets', 'show', 'extras/anna', '--yes'], { cwd })).stdout).toBe(
      `${VALUE}\n`,
    );
    const json = await hostwright(['secrets', 'show', 'attic/extras/anna', '--yes', '--json'], { cwd });
    expect(JSON.parse(json.stdout)).toMatchObject({ v: 1, name: 'attic/extras/anna', value: VALUE });
    expect((await hostwright(['secrets', 'show', 'extras/ana', '--yes'], { cwd })).stderr).toContain(
      'Did you mean extras/anna?',
    );
  });

  it.each([
    ['nothing', ''],
    ['a line break', 'a\nb'],
    ['a NUL', 'a\0b'],
    ['no text', Buffer.from([0xff, 0xfe])],
    ['a novel', 'x'.repeat(65_536)],
  ])('cannot be %s', async (_, input) => {
    const cwd = await folderWith({ 'host.yaml': HOST_FILE });
    const { code, stderr } = await hostwright(['secrets', 'set', 'extras/anna'], { cwd, input });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('This cannot be a secret') });
    expect(await readdir(cwd)).not.toContain('secrets.age');
  });

  it.each(['anna', 'extras', 'nothere/anna', 'extras/../x', 'extras/a b', 'a/b/c/d'])(
    'are not named %s',
    async (name) => {
      const cwd = await folderWith({ 'host.yaml': HOST_FILE });
      const { code, stderr } = await hostwright(['secrets', 'set', name], { cwd, input: VALUE });
      expect(code, stderr).toBe(2);
      expect(await readdir(cwd)).not.toContain('secrets.age');
    },
  );

  it('are never given in the host file', async () => {
    const cwd = await folderWith({ 'host.yaml': HOST_FILE.replace('vault', VALUE) });
    const { code, stderr } = await hostwright(['plan'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain('a password is not written here: write password: vault');
    expect(stderr).not.toContain(VALUE);
  });
});

describe('secrets recipients', () => {
  it('lets a colleague in and out', async () => {
    const cwd = await folderWithVault();
    const bob = { HOME: await folderWith({}) };
    const read = () => hostwright(['secrets', 'show', 'extras/anna', '--yes'], { cwd, env: bob });
    expect(await read()).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be opened') });
    const me = (
      await hostwright(['secrets', 'recipients', 'me', '--quiet'], { cwd, env: bob })
    ).stdout.trim();
    await hostwright(['secrets', 'recipients', 'add', me, 'bob@desk'], { cwd });
    expect((await read()).stdout).toBe(`${VALUE}\n`);
    const list = await hostwright(['secrets', 'recipients', '--json'], { cwd, env: bob });
    expect(JSON.parse(list.stdout).recipients).toEqual([
      expect.objectContaining({ own: false }),
      expect.objectContaining({ recipient: me, name: 'bob@desk', own: true }),
    ]);
    const removed = await hostwright(['secrets', 'recipients', 'remove', 'bob@desk'], { cwd });
    expect(removed.stdout).toMatch(/older copy.*can still read.*secrets rotate --all/);
    expect((await read()).code).toBe(2);
    const [own = ''] = /^age1\w+/m.exec(await readFile(join(cwd, 'secrets.recipients'), 'utf8')) ?? [];
    const last = await hostwright(['secrets', 'recipients', 'remove', own], { cwd });
    expect(last).toMatchObject({ code: 2, stderr: expect.stringContaining('Nobody could open the vault') });
  });

  it.each(['bob', 'ssh-ed25519', 'age1qqqq', 'AGE-SECRET-KEY-1QQQQ'])(
    'are keys of age, not %s',
    async (key) => {
      const cwd = await folderWithVault();
      const { code, stderr } = await hostwright(['secrets', 'recipients', 'add', key], { cwd });
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('recipients me') });
    },
  );
});

describe('the recovery key', () => {
  it('is made at init, and opens the vault when everything else is gone', async () => {
    const cwd = await folderWith({});
    const answers = ['--set', 'connect=lab', '--set', 'extras=yes', '--set', 'firewall=no'];
    const init = await hostwright(['init', ...answers, '--recovery-key', 'key.txt'], { cwd });
    expect(init.code, init.stderr).toBe(0);
    expect((await stat(join(cwd, 'key.txt'))).mode & 0o777).toBe(0o600);
    await hostwright(['secrets', 'set', 'extras/anna'], { cwd, input: VALUE });
    await rm(join(cwd, '.config'), { recursive: true });
    const key = await readFile(join(cwd, 'key.txt'), 'utf8');
    for (const text of await Promise.all(
      ['secrets.age', 'secrets.recipients'].map((name) => readFile(join(cwd, name), 'utf8')),
    ))
      expect(text).not.toContain('AGE-SECRET');
    const recovered = await hostwright(['secrets', 'recover'], { cwd, input: key });
    expect(recovered.code, recovered.stderr).toBe(0);
    await rename(join(cwd, 'key.txt'), join(cwd, 'elsewhere'));
    expect((await hostwright(['secrets', 'show', 'extras/anna', '--yes'], { cwd })).stdout).toBe(
      `${VALUE}\n`,
    );
  });

  it('is not made unasked where nobody can see it, and that is said', async () => {
    const cwd = await folderWith({});
    const { stdout } = await hostwright(['init', '--set', 'connect=lab', '--set', 'extras=yes'], { cwd });
    expect(stdout).toContain('No recovery key was made');
    expect(await readdir(cwd)).not.toContain('secrets.age');
    expect(await readFile(join(cwd, '.gitignore'), 'utf8')).toContain('*.local.yaml\n');
    const refused = await hostwright(['secrets', 'recovery-key'], { cwd });
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--out FILE') });
    const json = await hostwright(['secrets', 'recovery-key', '--out', '-', '--json'], { cwd });
    expect(JSON.parse(json.stdout).identity).toMatch(/^AGE-SECRET-KEY-1/);
  });

  it('that is another one opens nothing', async () => {
    const [one, other] = [await folderWithVault(), await folderWithVault()];
    const { stdout } = await hostwright(['secrets', 'recovery-key', '--out', '-'], { cwd: one });
    await rm(join(other, '.config'), { recursive: true });
    const { code, stderr } = await hostwright(['secrets', 'recover'], { cwd: other, input: stdout });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('cannot be opened') });
  });
});
