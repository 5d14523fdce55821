import { z } from 'zod';
import { UserError } from '../../errors.ts';
import { userName } from '../inputs.ts';
import type { OtherRole, RecipeContext } from '../recipe.ts';

/** Roles by which people send and fetch files. They share users, folders and, where both want one, passwords. */
const TRANSFER_RECIPES: readonly string[] = ['sftp', 'ftp'];

/** Where each user's own folder lies, and what several share. */
export const USERS = '/srv/files';
export const SHARED = '/srv/shared';

/** The name that a user's own folder has within what he sees. */
export const OWN = 'files';

/** A folder that several users share: `/srv/shared/NAME` on the host. */
function folderName() {
  return z
    .string({ error: 'the name of a folder such as family is expected' })
    .regex(/^[a-z][a-z0-9-]{0,24}$/, {
      error: 'the name of a folder has small letters, digits and -, at most 25, and begins with a letter',
      abort: true,
    })
    .refine((name) => name !== OWN, { error: `every user has a folder ‘${OWN}’ of his own already` });
}

/** What the users of every such role have in common. */
export const userShape = {
  name: userName()
    .refine((name) => name !== 'root', {
      error: 'root does not send files: name somebody else',
    })
    .meta({ help: 'The account, which is made for this.' }),
  folders: z
    .array(folderName())
    .default([])
    .meta({ help: 'Folders that are shared with others who name them.', example: ['family'] }),
};

/** A user and what belongs to him, of all roles together. */
export interface TransferUser {
  readonly name: string;
  /** Shared folders, in a fixed order. */
  readonly folders: readonly string[];
}

const foreign = z.object({
  users: z.array(
    z.object({
      name: z.string(),
      folders: z.array(z.string()).default([]),
      keys: z.array(z.string()).default([]),
      password: z.boolean().optional(),
    }),
  ),
});
type ForeignUser = z.output<typeof foreign>['users'][number];

/** What another role of these says of its users. */
function usersOf({ recipe, input }: OtherRole): readonly ForeignUser[] {
  return TRANSFER_RECIPES.includes(recipe) ? (foreign.safeParse(input).data?.users ?? []) : [];
}

type Context = Pick<RecipeContext<{ readonly users: readonly TransferUser[] }>, 'input' | 'others' | 'facts'>;

/**
 * The role's users, each with the folders that any role gives him: what two roles declare for one user is then the same.
 * @throws {UserError} for one who is named twice, or who works on the host
 */
export function transferUsers({ input, others, facts }: Context): readonly TransferUser[] {
  const twice = input.users.find(
    ({ name }, index) => input.users.findIndex((one) => one.name === name) !== index,
  );
  if (twice)
    throw new UserError({
      message: `users: ${twice.name} is named twice`,
      hint: 'Say everything about one user in one place.',
    });
  // Who logs in to a shell would lose it, and perhaps the way in.
  const person = facts.sshd.people.find(({ name }) => input.users.some((user) => user.name === name));
  if (person)
    throw new UserError({
      message: `users: ${person.name} is an account on the host that logs in to a shell, and would lose that`,
      hint: 'Users here only send and fetch files: give this one another name.',
    });
  return input.users.map(({ name, folders }) => {
    const more = others.flatMap((other) =>
      usersOf(other).flatMap((user) => (user.name === name ? user.folders : [])),
    );
    return { name, folders: [...new Set([...folders, ...more])].sort() };
  });
}

/** The sftp role of the host in which this user logs in by password: his password is then kept there. */
export function passwordKeeper(others: readonly OtherRole[], name: string): string | undefined {
  return others.find(
    (other) =>
      other.recipe === 'sftp' && usersOf(other).some((user) => user.name === name && logsInByPassword(user)),
  )?.role;
}

/** By password, unless keys are given and nothing is said. */
export function logsInByPassword({ keys, password }: Pick<ForeignUser, 'keys' | 'password'>): boolean {
  return password ?? keys.length === 0;
}

/** @throws {UserError} for a second role of one recipe: the service is set up once. */
export function refuseSecond(
  { role, siblings }: Pick<RecipeContext<unknown>, 'role' | 'siblings'>,
  what: string,
) {
  const [other] = siblings;
  if (other)
    throw new UserError({
      message: `The roles ‘${other.role}’ and ‘${role}’ both set up ${what}, and there is one of it on a host.`,
      hint: 'Put the users of both into one role.',
    });
}
