/** The age format (https://age-encryption.org/v1): what is written here, `age -d -i identity.txt` opens too. */

/** A key pair: the identity opens what was encrypted to the recipient. */
export interface KeyPair {
  /** `AGE-SECRET-KEY-1…` */
  readonly identity: string;
  /** `age1…` */
  readonly recipient: string;
}

/** Why a file could not be decrypted. */
export class CannotDecrypt extends Error {
  override readonly name = 'CannotDecrypt';
  /** `no key`: none of the identities is among the recipients; `damaged`: it is no age file, or was altered. */
  readonly reason: 'no key' | 'damaged';
  constructor(reason: CannotDecrypt['reason'], cause: unknown) {
    super(reason, { cause });
    this.reason = reason;
  }
}

// Imported when it is needed: most calls of hostwright have nothing to do with secrets.
const load = () => import('age-encryption');

export async function newKeyPair(): Promise<KeyPair> {
  const { generateX25519Identity } = await load();
  return keyPairOf(await generateX25519Identity());
}

/** @throws {Error} for what is no identity. */
export async function keyPairOf(identity: string): Promise<KeyPair> {
  const { identityToRecipient } = await load();
  return { identity, recipient: await identityToRecipient(identity) };
}

/** Whether text is the recipient of an X25519 key. */
export async function isRecipient(text: string): Promise<boolean> {
  if (!/^age1[02-9ac-hj-np-z]{58}$/.test(text)) return false;
  const { Encrypter } = await load();
  try {
    new Encrypter().addRecipient(text);
    return true;
  } catch {
    return false;
  }
}

/** Encrypts to all recipients; the result is ASCII armor. */
export async function encrypt(text: string, recipients: readonly string[]): Promise<string> {
  const { Encrypter, armor } = await load();
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return armor.encode(await encrypter.encrypt(text));
}

/**
 * @param file armored or binary
 * @throws {CannotDecrypt}
 */
export async function decrypt(file: Buffer, identities: readonly string[]): Promise<string> {
  const { Decrypter, armor } = await load();
  const decrypter = new Decrypter();
  for (const identity of identities) decrypter.addIdentity(identity);
  try {
    const text = file.toString('latin1');
    return await decrypter.decrypt(
      text.trimStart().startsWith('-----BEGIN') ? armor.decode(text) : new Uint8Array(file),
      'text',
    );
  } catch (error) {
    const noKey = error instanceof Error && error.message.startsWith('no identity matched');
    throw new CannotDecrypt(noKey ? 'no key' : 'damaged', error);
  }
}
