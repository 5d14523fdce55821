import { open, readFile, realpath, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../errors.ts';
import { CannotDecrypt, decrypt, encrypt, type KeyPair } from './age.ts';
import { ensureIdentity, nameOfThisComputer, readIdentities } from './identity.ts';
import { withFileLock } from './lock.ts';
import { identityPlace, READERS_FILE, VAULT_FILE } from './places.ts';
import { rememberSeen, sinceSeen } from './seen.ts';
import { newVault, parseVault, type Reader, readersText, type Vault, vaultText } from './vault-format.ts';

/** The vault cannot be opened with the keys that this computer has. */
export class LockedVaultError extends UserError {}

export interface VaultOptions {
  /** Folder of the host file; absolute. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Told what a person should know: that a key was made, that somebody was added. */
  tell(text: string): void;
  /** Keys to open it with besides those of this computer: the recovery key. */
  readonly keys?: readonly KeyPair[];
}

/** The vault of a folder. */
export class VaultFile {
  readonly path: string;
  readonly #options: VaultOptions;
  #isWarned = false;

  constructor(options: VaultOptions) {
    this.#options = options;
    this.path = join(options.directory, VAULT_FILE);
  }

  /**
   * Opens the vault; undefined when there is none yet. Writes nothing.
   * @throws {LockedVaultError} when no key opens it; {UserError} when it is damaged or of a newer hostwright
   */
  async read(): Promise<Vault | undefined> {
    const bytes = await readFile(this.path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw new UserError({ message: `${this.path} cannot be read (${error.code ?? error.message}).` });
    });
    if (bytes === undefined) return undefined;
    const { env, keys = [] } = this.#options;
    const pairs = [...keys, ...(await readIdentities(env))];
    try {
      const text = await decrypt(
        bytes,
        pairs.map(({ identity }) => identity),
      );
      const vault = parseVault(text, this.path);
      await this.#warn(vault);
      return vault;
    } catch (error) {
      throw error instanceof CannotDecrypt ? await this.#explain(error) : error;
    }
  }

  /**
   * Changes the vault under a lock, atomically: what another run saved meanwhile is there. Makes it, and this computer's
   * key, when there is none.
   * @param change gives the new content, or the same object for no change
   */
  async update(change: (vault: Vault) => Vault | Promise<Vault>): Promise<Vault> {
    const { directory, env, tell } = this.#options;
    return withFileLock(join(directory, '.hostwright', 'secrets.lock'), async () => {
      const before = (await this.read()) ?? newVault([await ownReader(env, tell)]);
      const after = await change(before);
      if (after !== before) await this.#write(after);
      return after;
    });
  }

  /** Puts a vault that cannot be opened aside. Returns where it is now. */
  async putAside(): Promise<string> {
    const place = `${this.path}.lost-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
    await rename(this.path, place);
    return place;
  }

  /** Remembers, on this computer, that a person has seen who can open it. */
  seen(vault: Vault): Promise<void> {
    return rememberSeen(this.#options.env, this.path, vault);
  }

  /** Says, once, what may be somebody's attempt to read what is not his. */
  async #warn(vault: Vault): Promise<void> {
    if (this.#isWarned) return;
    this.#isWarned = true;
    const { directory, env, tell } = this.#options;
    const { added, replaced } = await sinceSeen(env, this.path, vault);
    if (replaced) tell(`${this.path} is another vault than the one that this computer used here before.`);
    for (const { name, recipient } of added)
      tell(
        `${name} (${recipient}) can open the vault since it was changed on another computer. If that is wrong: hostwright secrets recipients remove ${recipient}`,
      );
    const known = vault.readers.map(({ recipient }) => recipient);
    for (const recipient of await listedRecipients(directory))
      if (!known.includes(recipient))
        tell(
          `${READERS_FILE} names ${recipient}, which cannot open the vault: somebody wrote it there by hand.`,
        );
  }

  async #write(vault: Vault): Promise<void> {
    const { directory } = this.#options;
    const recipients = vault.readers.map(({ recipient }) => recipient);
    await writeWhole(this.path, await encrypt(vaultText(vault), recipients), 0o600);
    await writeWhole(join(directory, READERS_FILE), readersText(vault.readers), 0o644);
    await this.seen(vault);
  }

  async #explain({ reason }: CannotDecrypt): Promise<UserError> {
    if (reason === 'damaged') {
      return new UserError({
        message: `${this.path} is damaged: it is no whole age file, or somebody altered it.`,
        hint: 'Take an older version of the file, for instance from git.',
      });
    }
    const { directory, env } = this.#options;
    const { path } = identityPlace(env);
    const has =
      (await readIdentities(env)).length > 0
        ? `the key in ${path} is not among those that open it`
        : `there is no key in ${path}`;
    const names = await readerNames(directory);
    return new LockedVaultError({
      message: `${this.path}: the vault cannot be opened on this computer: ${has}.`,
      hint: `${names.length > 0 ? `Said to open it: ${names.join(', ')}.\n  ` : ''}With the printed recovery key: hostwright secrets recover
  Somebody else who opens it can let you in: hostwright secrets recipients add
  If nobody has a key any more: hostwright secrets rotate --all --lost makes new secrets, and sets them on the host`,
    });
  }
}

/** This computer as a reader; its key is made when there is none. */
export async function ownReader(env: VaultOptions['env'], tell: (text: string) => void): Promise<Reader> {
  const { recipient } = await ensureIdentity(env, tell);
  return { recipient, name: nameOfThisComputer(), since: new Date().toISOString() };
}

async function listedRecipients(directory: string): Promise<readonly string[]> {
  const text = await readList(directory);
  return text
    .split(/\r?\n/)
    .filter((line) => /^[a-z]/.test(line))
    .map((line) => line.slice(0, 200));
}

/** Written by anybody: no more of it than a list of readers needs. */
async function readList(directory: string): Promise<string> {
  return (await readFile(join(directory, READERS_FILE), 'utf8').catch(() => '')).slice(0, 65_536);
}

async function readerNames(directory: string): Promise<readonly string[]> {
  const text = await readList(directory);
  return [...text.matchAll(/^# (.{1,100}), since \d{4}-\d\d-\d\d$/gm)].map(([, name = '']) => name);
}

/** Whole or not at all, also when the power fails: the old content stays until the new is on the disk. */
async function writeWhole(path: string, content: string, mode: number): Promise<void> {
  // A link stays one.
  const target = await realpath(path).catch(() => path);
  const temporary = `${target}.${process.pid}.new`;
  // One that an earlier process of this number left behind; the lock keeps others out.
  await rm(temporary, { force: true });
  const file = await open(temporary, 'wx', mode);
  try {
    await file.writeFile(content);
    await file.sync();
    await file.close();
    await rename(temporary, target);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
  const folder = await open(dirname(target), 'r');
  await folder.sync().catch(() => undefined);
  await folder.close();
}
