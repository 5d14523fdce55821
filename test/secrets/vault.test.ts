import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decrypt, encrypt, isRecipient, newKeyPair } from '../../src/secrets/age.ts';
import { ensureIdentity, identityText } from '../../src/secrets/identity.ts';
import { ownReader } from '../../src/secrets/vault-file.ts';
import {
  newVault,
  parseVault,
  type Vault,
  type VaultEntry,
  vaultText,
} from '../../src/secrets/vault-format.ts';
import { type VaultFolder, vaultFolder } from './folder.ts';

let folder: VaultFolder;
beforeEach(async () => {
  folder = await vaultFolder();
});
afterEach(() => folder.remove());

const entry = (value: string): VaultEntry => ({
  ...{ value, mark: `mark of ${value}`, kind: 'password', origin: 'made', since: '2026-01-02T03:04:05Z' },
  ...{ earlier: [], earlierUnknown: false },
});
const put =
  (name: string, value: string) =>
  (vault: Vault): Vault => ({ ...vault, secrets: new Map(vault.secrets).set(name, entry(value)) });
const at = (name: string): string => join(folder.path, name);

describe('what is written', () => {
  it('is read again, whatever the value', async () => {
    const keys = await newKeyPair();
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string(), fc.string({ unit: 'binary' }), { noNullPrototype: true }),
        async (values) => {
          const secrets = new Map(Object.entries(values).map(([key, value]) => [key, entry(value)]));
          const vault = { ...newVault([]), secrets };
          const text = await decrypt(Buffer.from(await encrypt(vaultText(vault), [keys.recipient])), [
            keys.identity,
          ]);
          const again = parseVault(text, 'a test');
          expect([...again.secrets].sort()).toEqual([...secrets].sort());
        },
      ),
      { numRuns: 30 },
    );
  });

  it('shows nothing, is for its owner only, and is whole or not there', async () => {
    await folder.vaultOf('ada').update(put('attic/extras/anna', 'sesame'));
    const text = await readFile(at('secrets.age'), 'utf8');
    expect(text).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----\n/);
    for (const hidden of ['sesame', 'anna', 'attic', 'extras']) expect(text).not.toContain(hidden);
    expect((await stat(at('secrets.age'))).mode & 0o777).toBe(0o600);
    expect((await readdir(folder.path)).sort()).toEqual(['.hostwright', 'secrets.age', 'secrets.recipients']);
    expect(await readdir(at('.hostwright'))).toEqual([]);
  });

  it('is not lost where twenty write at the same time', async () => {
    await ensureIdentity(folder.envOf('ada'), () => undefined);
    const names = Array.from({ length: 20 }, (_, index) => `attic/extras/user${index}`);
    await Promise.all(names.map((name) => folder.vaultOf('ada').update(put(name, name))));
    const vault = await folder.vaultOf('ada').read();
    expect([...(vault?.secrets.keys() ?? [])].sort()).toEqual(names.sort());
  });

  it('waits for nobody who is dead', async () => {
    await folder.vaultOf('ada').update(put('a/b/c', '1'));
    // The greatest number of a process is below this (proc(5), pid_max).
    const { hostname } = await import('node:os');
    await writeFile(at('.hostwright/secrets.lock'), JSON.stringify({ pid: 2 ** 30, host: hostname() }));
    await folder.vaultOf('ada').update(put('a/b/d', '2'));
    expect((await folder.vaultOf('ada').read())?.secrets.size).toBe(2);
  });

  it('is not written again for no change', async () => {
    await folder.vaultOf('ada').update(put('a/b/c', '1'));
    const before = await readFile(at('secrets.age'), 'utf8');
    await folder.vaultOf('ada').update((vault) => vault);
    expect(await readFile(at('secrets.age'), 'utf8')).toBe(before);
  });
});

describe('who can open it', () => {
  it('whoever was let in, and nobody else; the error says what to do', async () => {
    await folder.vaultOf('ada').update(put('a/b/c', '1'));
    await expect(folder.vaultOf('bob').read()).rejects.toThrow(
      /cannot be opened on this computer(.|\n)*Said to open it: .*@(.|\n)*secrets recover(.|\n)*recipients add(.|\n)*rotate --all --lost/,
    );
    const bob = await ownReader(folder.envOf('bob'), () => undefined);
    await folder.vaultOf('ada').update((vault) => ({ ...vault, readers: [...vault.readers, bob] }));
    expect((await folder.vaultOf('bob').read())?.secrets.get('a/b/c')?.value).toBe('1');
    await folder.vaultOf('bob').update((vault) => ({
      ...vault,
      readers: vault.readers.filter(({ recipient }) => recipient !== bob.recipient),
    }));
    await expect(folder.vaultOf('bob').read()).rejects.toThrow(/cannot be opened/);
    expect((await folder.vaultOf('ada').read())?.secrets.size).toBe(1);
  });

  it('nobody by a line that he wrote into the list, and it is told', async () => {
    await folder.vaultOf('ada').update(put('a/b/c', '1'));
    const mallory = await newKeyPair();
    await writeFile(at('secrets.recipients'), `# x\n${mallory.recipient}\n`);
    await folder.vaultOf('ada').update(put('a/b/d', '2'));
    expect(folder.told.at(-1)).toContain(`names ${mallory.recipient}, which cannot open the vault`);
    await expect(folder.vaultOf('mallory', [mallory]).read()).rejects.toThrow(/cannot be opened/);
    expect(await readFile(at('secrets.recipients'), 'utf8')).not.toContain(mallory.recipient);
  });

  it('tells of a vault that somebody put in the place of ours, and of keys that came from elsewhere', async () => {
    const vault = await folder.vaultOf('ada').update(put('a/b/c', '1'));
    const [ada] = vault.readers;
    const mallory = { ...(await newKeyPair()), name: 'ada@laptop', since: '2026-01-01' };
    const forged = { ...newVault([...(ada ? [ada] : []), mallory]), secrets: vault.secrets };
    await writeFile(
      at('secrets.age'),
      await encrypt(vaultText(forged), [ada?.recipient ?? '', mallory.recipient]),
    );
    folder.told.length = 0;
    await folder.vaultOf('ada').read();
    expect(folder.told).toEqual([
      expect.stringContaining('is another vault than the one'),
      expect.stringContaining(
        `(${mallory.recipient}) can open the vault since it was changed on another computer`,
      ),
    ]);
  });

  it('nobody of a damaged one', async () => {
    await folder.vaultOf('ada').update(put('a/b/c', '1'));
    const text = await readFile(at('secrets.age'), 'utf8');
    const middle = Math.floor(text.length / 2);
    const other = text[middle] === 'A' ? 'B' : 'A';
    for (const wrong of [
      '',
      'x',
      text.slice(0, middle),
      `${text.slice(0, middle)}${other}${text.slice(middle + 1)}`,
    ]) {
      await writeFile(at('secrets.age'), wrong);
      await expect(folder.vaultOf('ada').read()).rejects.toThrow(/damaged/);
      await expect(folder.vaultOf('ada').update(put('a/b/d', '2'))).rejects.toThrow(/damaged/);
      expect(await readFile(at('secrets.age'), 'utf8')).toBe(wrong);
    }
  });
});

describe('the identity of a computer', () => {
  const place = (person: string): string =>
    join(folder.envOf(person).HOME ?? '', '.config/hostwright/identity.txt');

  it('is made once, for its owner only, as age-keygen writes it', async () => {
    const made = await ensureIdentity(folder.envOf('ada'), () => undefined);
    expect(await ensureIdentity(folder.envOf('ada'), () => undefined)).toEqual(made);
    expect((await stat(place('ada'))).mode & 0o777).toBe(0o600);
    expect(await readFile(place('ada'), 'utf8')).toMatch(
      /^# created: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n# public key: age1[0-9a-z]{58}\nAGE-SECRET-KEY-1[0-9A-Z]{58}\n$/,
    );
  });

  it('is refused when others may read it', async () => {
    await folder.vaultOf('ada').update(put('a/b/c', '1'));
    await chmod(place('ada'), 0o640);
    await expect(folder.vaultOf('ada').read()).rejects.toThrow(/others may read(.|\n)*chmod 600/);
  });

  it('is where the environment says, and must be there then', async () => {
    const pair = await newKeyPair();
    const HOSTWRIGHT_IDENTITY = at('ci.txt');
    await expect(ensureIdentity({ HOSTWRIGHT_IDENTITY }, () => undefined)).rejects.toThrow(
      /ENOENT(.|\n)*HOSTWRIGHT_IDENTITY/,
    );
    await writeFile(HOSTWRIGHT_IDENTITY, identityText(pair));
    expect(await ensureIdentity({ HOSTWRIGHT_IDENTITY }, () => undefined)).toEqual(pair);
  });

  it('is not shown by the error about a wrong one', async () => {
    const HOSTWRIGHT_IDENTITY = at('ci.txt');
    await writeFile(HOSTWRIGHT_IDENTITY, 'AGE-SECRET-KEY-1WRONG');
    const error = await ensureIdentity({ HOSTWRIGHT_IDENTITY }, () => undefined).catch(String);
    expect(error).toContain('this is no identity');
    expect(error).not.toContain('WRONG');
  });
});

it('takes for a recipient what age takes for one', async () => {
  const { recipient, identity } = await newKeyPair();
  expect(await isRecipient(recipient)).toBe(true);
  for (const wrong of [
    '',
    'age1',
    identity,
    `${recipient}a`,
    recipient.toUpperCase(),
    `${recipient.slice(0, -1)}${recipient.endsWith('q') ? 'p' : 'q'}`,
    'ssh-ed25519 AAAA',
  ])
    expect(await isRecipient(wrong), wrong).toBe(false);
});
