import { z } from 'zod';
import { userName } from '../compose/inputs.ts';
import { sh } from '../quote.ts';
import { isVerifierOf } from '../secrets/crypt.ts';
import { Secret } from '../secrets/secret.ts';
import { type DiffContext, type Difference, defineKind } from './kind.ts';
import { passwordStep } from './password/step.ts';

const schema = z.strictObject({
  user: userName(),
  secret: z.instanceof(Secret),
});

export type PasswordSpec = z.output<typeof schema>;

/** The second field of shadow(5); undefined where the account has no entry. */
export type PasswordState = string | undefined;

/** A password that an account on the host logs in with. */
export const kind = defineKind({
  name: 'password',
  describe: 'The password of an account, out of the vault. The host gets a verifier, never the password.',
  schema,
  key: ({ user }) => user,

  observe: (specs) =>
    sh`grep ${specs.flatMap(({ user }) => ['-e', `^${user}:`])} /etc/shadow | cut -d: -f1,2 || :`,

  parse(output, specs) {
    const found = new Map(
      output
        .toString()
        .split('\n')
        .filter((line) => line.includes(':'))
        .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)] as const),
    );
    return specs.map(({ user }): PasswordState => found.get(user));
  },

  diff({ secret }, hash, context) {
    if (hash === undefined) return { action: 'create', summary: 'set the password that the vault has' };
    if (isVerifierOf(hash, secret.reveal())) return undefined;
    if (hash === '') {
      return {
        action: 'update',
        summary: 'set the password that the vault has (anybody could log in without one)',
      };
    }
    if (hasNone(hash) && context.remembered === undefined)
      return { action: 'create', summary: 'set the password that the vault has (there is none)' };
    if (
      secret.earlierUnknown ||
      [...secret.earlier, ...secret.elsewhere].some((one) => isVerifierOf(hash, one.reveal()))
    )
      return { action: 'update', summary: 'set the new password that the vault has' };
    return replacing(hash, context);
  },

  step: passwordStep,
});

/** The host has a password that the vault never had. */
function replacing(hash: string, { remembered, adopted }: DiffContext): Difference {
  if (remembered === undefined) {
    return {
      action: 'update',
      summary: 'replace the password that it has by the one in the vault',
      touchesForeign: true,
      ...(!adopted && { conflict: 'adopt' }),
    };
  }
  const since = hasNone(hash) ? 'locked' : 'changed';
  return {
    action: 'update',
    summary: `set the password that the vault has (it was ${since} on the host since)`,
    conflict: 'edited',
  };
}

/** `!` and `*` can be no verifier's beginning: nobody logs in with a password (shadow(5)). */
function hasNone(hash: string): boolean {
  return /^[!*]/.test(hash);
}
