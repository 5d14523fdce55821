import { z } from 'zod';
import { UserError } from '../errors.ts';
import { SECRET_KINDS } from './make.ts';
import { newMark, Secret } from './secret.ts';

const value = z.object({ value: z.string(), mark: z.string() });

const entry = value.extend({
  kind: z.enum(SECRET_KINDS),
  /** `made` by hostwright, or `set` by a person. */
  origin: z.enum(['made', 'set']),
  /** When it got this value; ISO 8601. */
  since: z.string(),
  /** The account of the machine that it is the password of. */
  account: z.string().optional(),
  /** Values that the host may still have, the latest first. */
  earlier: z.array(value).default([]),
  earlierUnknown: z.boolean().default(false),
});

const reader = z.object({ recipient: z.string(), name: z.string(), since: z.string() });

const format = z.object({
  hostwright: z.literal(1),
  /** Random: tells this vault from another one that somebody put in its place. */
  id: z.string(),
  readers: z.array(reader),
  /** By `host/role/name`. */
  secrets: z.record(z.string(), entry),
});

/** One secret as the vault has it. */
export type VaultEntry = z.output<typeof entry>;

/** Somebody who can open the vault. */
export type Reader = z.output<typeof reader>;

/** What is in a vault. */
export interface Vault {
  readonly id: string;
  /** Who can open it. The list in the vault is the one that counts: nobody can add himself from outside. */
  readonly readers: readonly Reader[];
  readonly secrets: ReadonlyMap<string, VaultEntry>;
}

export function newVault(readers: readonly Reader[]): Vault {
  return { id: newMark(), readers, secrets: new Map() };
}

/**
 * @param file for messages
 * @throws {UserError} for what this version does not understand; nothing of the content is in the message
 */
export function parseVault(text: string, file: string): Vault {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    data = undefined;
  }
  const result = format.safeParse(data);
  if (result.success) {
    const { id, readers, secrets } = result.data;
    return { id, readers, secrets: new Map(Object.entries(secrets)) };
  }
  const newer = z.object({ hostwright: z.number().min(2) }).safeParse(data).success;
  throw new UserError({
    message: newer
      ? `${file} was made by a newer hostwright.`
      : `${file} opens, but what is in it is no vault of hostwright.`,
    hint: newer ? 'Update hostwright.' : 'Take an older version of the file, for instance from git.',
  });
}

export function vaultText({ id, readers, secrets }: Vault): string {
  const sorted = [...secrets].sort(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify({ hostwright: 1, id, readers, secrets: Object.fromEntries(sorted) }, undefined, 1)}\n`;
}

/** A line for each reader, as `age -R` reads them. */
export function readersText(readers: readonly Reader[]): string {
  const lines = readers.map(
    ({ recipient, name, since }) => `# ${name}, since ${since.slice(0, 10)}\n${recipient}\n`,
  );
  return `# Who can open secrets.age. Written by hostwright for people to read: to let somebody in or out, use
# \`hostwright secrets recipients add\` and \`remove\`. What is changed here by hand changes nothing.
${lines.join('')}`;
}

/** The entry as the rest of hostwright sees it. */
export function secretOf({ value, mark, earlier, earlierUnknown, account }: VaultEntry): Secret {
  const before = earlier.map((one) => new Secret(one.value, one.mark));
  return new Secret(value, mark, {
    earlier: before,
    earlierUnknown,
    ...(account === undefined ? {} : { account }),
  });
}
