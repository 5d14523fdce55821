import { z } from 'zod';
import { dumpsInput } from '../../src/compose/dumps.ts';
import { domain } from '../../src/compose/inputs.ts';
import type { RecipeContext } from '../../src/compose/recipe.ts';
import { tlsInput } from '../../src/compose/tls/input.ts';
import { charsetWord, databaseName, databaseUser } from '../../src/resources/mariadb/names.ts';

const database = z
  .strictObject({
    name: databaseName().meta({ help: 'What the database is called.' }),
    owner: databaseUser()
      .optional()
      .meta({ help: 'The account that the database belongs to; default: one of the same name.' }),
    charset: charsetWord()
      .default('utf8mb4')
      .meta({ help: 'How text is stored; utf8mb4 is all of Unicode.' }),
    collation: charsetWord().optional().meta({
      help: 'How text is sorted and compared; default: utf8mb4_unicode_ci, or what MariaDB takes for another charset.',
    }),
  })
  .check(({ value, issues }) => {
    // What is no word at all has been refused already, and is not repeated.
    if (issues.length > 0) return;
    const { charset, collation } = value;
    const message = collation === undefined ? needed(charset) : unfitting(charset, collation);
    if (message) issues.push({ code: 'custom', input: collation, path: ['collation'], message });
  });

/** What of MariaDB a host file says. */
export const inputs = z
  .strictObject({
    databases: z
      .array(database)
      .min(1, 'at least one database: what else would the server be for?')
      .meta({
        help: 'Each gets an owner with a password in the vault: hostwright secrets show ROLE/OWNER.',
        example: [{ name: 'blog', owner: 'blog' }],
      }),
    maxConnections: z.number().int().min(10).max(1000).optional().meta({
      help: 'Connections at a time; default: 40 on a machine with less than 2 GB of memory, else 100.',
    }),
    domain: domain().optional().meta({
      help: 'The name by which programs reach it, for its certificate.',
      example: 'db.example.org',
    }),
    tls: tlsInput(),
    dumps: dumpsInput(),
  })
  .check(({ value, issues }) => {
    const names = value.databases.map(({ name }) => name);
    names.forEach((name, index) => {
      if (names.indexOf(name) === index) return;
      const message = `there is a database ${name} already`;
      issues.push({ code: 'custom', input: name, path: ['databases', index, 'name'], message });
    });
  });

function needed(charset: string): string | undefined {
  return charset === 'utf8mb4' ? undefined : `which collation of ${charset}? Say one, such as ${charset}_bin`;
}

function unfitting(charset: string, collation: string): string | undefined {
  const fits = collation.startsWith(`${charset}_`) || (charset === 'binary' && collation === 'binary');
  return fits
    ? undefined
    : `${collation} is no collation of ${charset}: its name would begin with ${charset}_`;
}

export type MariadbInput = z.output<typeof inputs>;
export type MariadbContext = RecipeContext<MariadbInput>;

/** A database with everything that may be left out. */
export interface OwnedDatabase {
  readonly name: string;
  readonly owner: string;
  readonly charset: string;
  readonly collation: string;
}

export function databasesOf({ databases }: MariadbInput): readonly OwnedDatabase[] {
  return databases.map(({ name, owner, charset, collation = 'utf8mb4_unicode_ci' }) => ({
    name,
    // A name of a database is always one of an account too, save for its length.
    owner: owner ?? name.slice(0, 32),
    charset,
    collation,
  }));
}

/** Accounts with what they own. */
export function ownersOf(input: MariadbInput): ReadonlyMap<string, readonly string[]> {
  const owners = new Map<string, string[]>();
  for (const { name, owner } of databasesOf(input)) owners.set(owner, [...(owners.get(owner) ?? []), name]);
  return owners;
}
