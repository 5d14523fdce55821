import type { RecipeContext } from '../../src/compose/recipe.ts';
import { UserError } from '../../src/errors.ts';
import { ownSetting } from '../../src/facts/probes/sshd.ts';
import type { Input } from './inputs.ts';
import type { Decision } from './ssh-passwords.ts';

const KEYS = 'prohibit-password';

/**
 * root's login as narrow as the way in that is in use allows: whoever logs in as somebody else and becomes root from
 * there, as this connection has done, does not need it.
 * @throws {UserError} where the wish would lock out who asks for it.
 */
export function decideRoot({ input, facts }: RecipeContext<Input>): Decision {
  const { sshd, ssh } = facts;
  const login = ssh.connection?.login;
  const asRoot = login?.user === 'root';
  const byKey = login?.method === 'publickey';
  const own = ownSetting(sshd, 'permitrootlogin');
  const info = (value: string, text: string): Decision => ({ value, notes: [{ level: 'info', text }] });
  switch (input.ssh.root) {
    case 'allow':
      return info('yes', 'root logs in over ssh by key and by password, as `root: allow` says.');
    case 'keys':
      if (asRoot && !byKey) throw lockedOut('keys', 'by password');
      return info(KEYS, 'root logs in over ssh by key only, as `root: keys` says.');
    case 'deny':
      if (asRoot) throw lockedOut('deny', 'as root');
      return info('no', 'root does not log in over ssh, as `root: deny` says.');
    default:
      break;
  }
  if (!login) return own === undefined ? { notes: [] } : { value: own, notes: [] };
  // Never wider than somebody else has made it.
  const now = sshd.effective.permitrootlogin;
  if (!asRoot && now === 'no') return info('no', 'root does not log in over ssh, as before.');
  if (now === 'forced-commands-only') return { notes: [] };
  if (asRoot && !byKey) {
    const text =
      'root still logs in over ssh by password, as this connection does. Put your key there (ssh-copy-id root@…) and apply again with it: then only keys let root in.';
    return { notes: [{ level: 'warning', text }] };
  }
  if (asRoot) {
    return info(
      KEYS,
      'root logs in over ssh by key only, as this connection does. Log in as somebody who may use sudo, and `root: deny` closes that too.',
    );
  }
  if (sshd.people.some(({ name, keys }) => name === 'root' && keys)) {
    return info(
      KEYS,
      'root logs in over ssh by key only: root has keys, which backups may use. `ssh: { root: deny }` closes that too.',
    );
  }
  return info(
    'no',
    `root does not log in over ssh: ${login.user} becomes root with sudo, and root has no key here.`,
  );
}

function lockedOut(wish: string, how: string): UserError {
  return new UserError({
    message: `ssh: root: ${wish} would lock you out: you are logged in ${how}`,
    hint:
      wish === 'keys'
        ? 'Put a key there first (ssh-copy-id root@…), or leave it at auto.'
        : 'Log in as somebody who may use sudo (connect: { ssh: user@address }), or leave it at auto.',
  });
}
