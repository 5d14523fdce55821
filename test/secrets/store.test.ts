import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/secrets/memory-store.ts';
import { SessionSecrets } from '../../src/secrets/session-secrets.ts';
import type { SecretStore } from '../../src/secrets/store.ts';
import { type VaultStoreOptions, vaultStore } from '../../src/secrets/vault-store.ts';
import { type VaultFolder, vaultFolder } from './folder.ts';

let folder: VaultFolder;
beforeEach(async () => {
  folder = await vaultFolder();
});
afterEach(() => folder.remove());

const ANNA = { role: 'extras', name: 'anna' };
const store = (options: Partial<VaultStoreOptions> = {}, person = 'ada'): SecretStore =>
  vaultStore(folder.vaultOf(person), { host: 'attic', ...options });

/** A session that has been asked for anna's password, and has read the vault. */
async function session(of: SecretStore = store()): Promise<SessionSecrets> {
  const secrets = new SessionSecrets(of, (text) => folder.told.push(text));
  const unread = secrets.source(ANNA, {});
  expect(await secrets.read()).toBe(true);
  expect(secrets.source(ANNA, {})).not.toEqual(unread);
  return secrets;
}

const entryOf = async (key = 'attic/extras/anna') => (await folder.vaultOf('ada').read())?.secrets.get(key);

describe('a session', () => {
  it('opens no vault and needs no key while no role asks for a secret', async () => {
    await writeFile(join(folder.path, 'secrets.age'), 'no vault at all');
    const secrets = new SessionSecrets(store(), () => undefined);
    expect(await secrets.read()).toBe(false);
    await secrets.confirm({});
  });

  it('makes a secret in memory, the same until it ends, and writes nothing', async () => {
    const secrets = await session();
    expect(secrets.source(ANNA, {})).toBe(secrets.source(ANNA, {}));
    expect(secrets.notes().map(({ role, text }) => [role, text])).toEqual([
      ['extras', 'A password is made for extras/anna, and saved in the vault before anything is changed.'],
    ]);
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('saves it when the plan is applied; the next session has it, without a note', async () => {
    const first = await session();
    const made = first.source(ANNA, {});
    await first.save();
    const next = await session();
    // A plan with a value that is not saved yet is known again, though each session makes another one.
    expect([made.planMark, next.source(ANNA, {}).planMark]).toEqual(['new', made.mark]);
    expect(next.source(ANNA, {}).reveal()).toBe(made.reveal());
    expect(next.source(ANNA, {}).mark).toBe(made.mark);
    expect(next.notes()).toEqual([]);
  });

  it('makes up nothing that the user has to bring, save in a throwaway vault', async () => {
    const wish = { brought: 'the token of DuckDNS' };
    const missing = await session();
    expect(() => missing.source({ role: 'ddns', name: 'token' }, wish)).toThrow(
      /The vault has no ddns\/token: the token of DuckDNS[\s\S]*hostwright secrets set ddns\/token/,
    );
    const first = await session();
    first.source(ANNA, {});
    await first.save();
    const rotating = async (rotate: 'all' | Set<string>) => {
      const secrets = new SessionSecrets(store({ rotate }), () => undefined);
      secrets.source(ANNA, wish);
      await secrets.read();
      return secrets.source(ANNA, wish).planMark;
    };
    expect(await rotating('all')).toBe((await entryOf())?.mark);
    await expect(rotating(new Set(['extras/anna']))).rejects.toThrow(/it can’t be made here/);
    const thrown = await session(memoryStore());
    expect(thrown.source(ANNA, wish).reveal()).not.toBe('');
  });

  it('keeps hosts and roles apart', async () => {
    await (await session()).save();
    const other = await session(store({ host: 'cellar' }));
    await other.save();
    const [one, two] = [await entryOf(), await entryOf('cellar/extras/anna')];
    expect(one?.value).toBeDefined();
    expect(one?.value).not.toBe(two?.value);
  });

  it('leaves an account its password when another role looks after it', async () => {
    const account = { account: 'anna' };
    const begun = async (): Promise<SessionSecrets> => {
      const secrets = new SessionSecrets(store(), (text) => folder.told.push(text));
      secrets.source(ANNA, account);
      await secrets.read();
      return secrets;
    };
    const first = await begun();
    const anna = first.source(ANNA, account);
    const database = first.source({ role: 'postgres', name: 'anna' }, {});
    await first.save();
    const next = await begun();
    const same = next.source({ role: 'ftp', name: 'anna' }, account);
    expect(same.reveal()).toBe(anna.reveal());
    expect(next.notes().map(({ text }) => text)).toEqual([
      'ftp/anna gets the password that the vault has as extras/anna: it stays the password of anna.',
    ]);
    expect(next.source({ role: 'site', name: 'anna' }, {}).reveal()).not.toBe(database.reveal());
    await next.save();

    // One of them gets another; the host may have either.
    const rotating = new SessionSecrets(store({ rotate: new Set(['ftp/anna']) }), () => undefined);
    rotating.source(ANNA, account);
    await rotating.read();
    const rotated = rotating.source({ role: 'ftp', name: 'anna' }, account);
    expect(rotated.reveal()).not.toBe(anna.reveal());
    await rotating.save();
    const last = await begun();
    expect(last.source(ANNA, account).elsewhere.map((one) => one.reveal())).toEqual([rotated.reveal()]);
  });

  it('stops before the second of two runs sets its own', async () => {
    const [one, two] = [await session(), await session()];
    await one.save();
    await expect(two.save()).rejects.toThrow(
      /another value in the vault since this was planned. Nothing was changed/,
    );
    expect((await entryOf())?.value).toBe(one.source(ANNA, {}).reveal());
  });

  it('is given another name than a recipe may use: refused', async () => {
    const secrets = await session();
    for (const name of ['', '../x', 'a/b', 'a b', '-x', 'é'])
      expect(() => secrets.source({ role: 'extras', name }, {})).toThrow(/secret named/);
  });
});

describe('rotating', () => {
  it('keeps the earlier value until the host has the new one', async () => {
    const first = await session();
    await first.save();
    const before = first.source(ANNA, {}).reveal();

    const rotating = await session(store({ rotate: new Set(['extras/anna']) }));
    const now = rotating.source(ANNA, {});
    expect(now.reveal()).not.toBe(before);
    expect(now.earlier.map((one) => one.reveal())).toEqual([before]);
    expect((await entryOf())?.value).toBe(before);
    await rotating.save();
    expect(await entryOf()).toMatchObject({ value: now.reveal(), earlier: [{ value: before }] });

    // Cut here: the next plan still knows both.
    const later = await session();
    expect(later.source(ANNA, {}).earlier.map((one) => one.reveal())).toEqual([before]);
    await later.confirm({});
    expect(await entryOf()).toMatchObject({ value: now.reveal(), earlier: [] });
  });

  it('twice before the host has either keeps all', async () => {
    const first = await session();
    await first.save();
    const values = [first.source(ANNA, {}).reveal()];
    for (let count = 0; count < 2; count += 1) {
      const rotating = await session(store({ rotate: 'all' }));
      await rotating.save();
      values.unshift(rotating.source(ANNA, {}).reveal());
    }
    const entry = await entryOf();
    expect([entry?.value, ...(entry?.earlier ?? []).map(({ value }) => value)]).toEqual(values);
  });

  it('is not confirmed by taking a run back', async () => {
    await (await session()).save();
    const rotating = await session(store({ rotate: 'all' }));
    await rotating.save();
    await rotating.confirm({ kind: 'rollback' });
    expect((await entryOf())?.earlier).toHaveLength(1);
  });

  it('forgets no value that was set meanwhile by somebody else', async () => {
    await (await session()).save();
    const rotating = await session(store({ rotate: 'all' }));
    await rotating.save();
    const other = await session(store({ rotate: 'all' }));
    await other.save();
    await rotating.confirm({});
    expect((await entryOf())?.earlier).toHaveLength(2);
  });
});

describe('a vault that nobody can open', () => {
  it('stops the plan, and is put aside only when it is said to be lost', async () => {
    await (await session()).save();
    await expect(session(store({}, 'bob'))).rejects.toThrow(/cannot be opened/);
    const anew = await session(store({ lost: true, rotate: 'all' }, 'bob'));
    expect(anew.source(ANNA, {}).earlierUnknown).toBe(true);
    expect(await readdir(folder.path)).not.toContainEqual(expect.stringMatching(/lost/));
    await anew.save();
    expect(await readdir(folder.path)).toContainEqual(expect.stringMatching(/^secrets\.age\.lost-/));
    const next = await session(store({}, 'bob'));
    expect(next.source(ANNA, {}).earlierUnknown).toBe(true);
    await next.confirm({});
    expect((await session(store({}, 'bob'))).source(ANNA, {}).earlierUnknown).toBe(false);
  });
});

describe('a throwaway vault', () => {
  it('has the same values for all sessions of a rehearsal', async () => {
    const shared = memoryStore();
    const [one, two] = [await session(shared), await session(shared)];
    expect(one.source(ANNA, {}).reveal()).toBe(two.source(ANNA, {}).reveal());
    await one.save();
    expect((await session(shared)).notes()).toEqual([]);
    expect(await readdir(folder.path)).toEqual([]);
  });
});
