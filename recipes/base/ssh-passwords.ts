import type { PlanNote, RecipeContext } from '../../src/compose/recipe.ts';
import { UserError } from '../../src/errors.ts';
import { ownSetting } from '../../src/facts/probes/sshd.ts';
import type { Input } from './inputs.ts';

/** What our file says on one setting. */
export interface Decision {
  /** Undefined: nothing, so that what holds now goes on. */
  readonly value?: string;
  readonly notes: readonly Omit<PlanNote, 'role'>[];
}

/** Also on questions that sshd asks in its own words (PAM), which are passwords for the most part. */
interface PasswordDecision extends Decision {
  readonly prompts?: string;
}

/**
 * Passwords are switched off once a key has let this very connection in: only then it is known that one works.
 * @throws {UserError} where `deny` would lock out who asks for it.
 */
export function decidePasswords({ input, facts, role }: RecipeContext<Input>): PasswordDecision {
  const { sshd, ssh } = facts;
  const login = ssh.connection?.login;
  const byKey = login?.method === 'publickey';
  const denied = denying(sshd.effective.authenticationmethods);
  switch (input.ssh.passwords) {
    case 'allow':
      return {
        value: 'yes',
        notes: [{ level: 'info', text: 'Passwords log in over ssh, as `passwords: allow` says.' }],
      };
    case 'deny': {
      const keys = sshd.people.some((person) => person.keys);
      if ((login && !byKey) || (!login && sshd.people.length > 0 && !keys))
        throw lockedOut(login?.user, role);
      return { ...denied, notes: [denyNote('as `passwords: deny` says', facts)] };
    }
    default: {
      if (byKey) return { ...denied, notes: [denyNote('since this login was by key', facts)] };
      if (ownSetting(sshd, 'passwordauthentication') === 'no' && !login) {
        return { ...denied, notes: [denyNote('as before', facts)] };
      }
      if (sshd.effective.passwordauthentication === 'no') return { notes: [] };
      const why = login
        ? `this login was by ${wordFor(login.method)}`
        : 'nobody is logged in by ssh right now';
      const user = login?.user ?? 'you';
      const text = `Passwords still log in over ssh: whether a key works is not proven, since ${why}. Put yours there (ssh-copy-id ${user}@…) and apply again with it: then they are switched off.`;
      return { notes: [{ level: 'warning', text }] };
    }
  }
}

/** Where a second step is asked for (AuthenticationMethods), the questions of PAM are part of it. */
function denying(methods: string | undefined): Omit<PasswordDecision, 'notes'> {
  return methods === undefined || methods === 'any' ? { value: 'no', prompts: 'no' } : { value: 'no' };
}

function denyNote(why: string, { sshd }: RecipeContext<Input>['facts']): Omit<PlanNote, 'role'> {
  const without = sshd.people.filter(({ name, password, keys }) => password && !keys && name !== 'root');
  const names = without.map(({ name }) => name).join(', ');
  const who =
    without.length === 0
      ? ''
      : ` ${names} ${without.length === 1 ? 'has' : 'have'} a password and no key, and cannot log in by ssh any more.`;
  // Said loudly once.
  const level =
    without.length === 0 || ownSetting(sshd, 'passwordauthentication') === 'no' ? 'info' : 'warning';
  return {
    level,
    text: `Passwords no longer log in over ssh, ${why}: they are what is guessed.${who} \`ssh: { passwords: allow }\` lets them in.`,
  };
}

function lockedOut(user: string | undefined, role: string): UserError {
  const why =
    user === undefined ? 'no account on this machine has a key' : `${user} is logged in by password`;
  return new UserError({
    message: `ssh: passwords: deny would lock you out: ${why}`,
    hint: `Put a key there first (ssh-copy-id ${user ?? 'user'}@…), or leave it at auto under ${role}.`,
  });
}

function wordFor(method: string): string {
  return /^(?:password|keyboard-interactive)/.test(method) ? 'password' : method;
}
