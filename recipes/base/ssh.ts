import type { PlanNote, RecipeContext, RecipeParts } from '../../src/compose/recipe.ts';
import type { Sshd } from '../../src/facts/probes/sshd.ts';
import { OUR_DROP_IN } from '../../src/facts/sshd/drop-in.ts';
import { kind as file } from '../../src/resources/file.ts';
import type { Input } from './inputs.ts';
import { decidePasswords } from './ssh-passwords.ts';
import { decideRoot } from './ssh-root.ts';

type Note = Omit<PlanNote, 'role'>;

/** sshd, hardened by one file of ours, never against the way in that is in use. */
export function sshParts(context: RecipeContext<Input>): Required<RecipeParts> {
  const { input, facts, host, role, template } = context;
  const { sshd } = facts;
  const none = (level: Note['level'], text: string): Required<RecipeParts> => ({
    resources: [],
    notes: [{ level, text }],
  });
  if (!input.ssh.harden) return none('info', 'sshd is left as it is, as `ssh: { harden: false }` says.');
  if (!sshd.installed) return none('info', 'There is no sshd on this machine to harden.');
  if (sshd.include === 'none') {
    return none(
      'warning',
      'sshd is left as it is: /etc/ssh/sshd_config does not read the folder for additions. Put this line at its top, then apply again: Include /etc/ssh/sshd_config.d/*.conf',
    );
  }
  const passwords = decidePasswords(context);
  const root = decideRoot(context);
  const strong = input.ssh.algorithms === 'strong';
  // A client asks only for the types of key that it has on record: without that one it would not get in any more.
  const knownByEcdsa = facts.ssh.connection?.hostKeyType?.startsWith('ecdsa-') ?? false;
  const dropEcdsa = strong && sshd.hostKeys.includes('ed25519') && !knownByEcdsa;
  const content = template('sshd.conf', {
    host,
    role,
    passwords: passwords.value ?? '',
    prompts: passwords.prompts ?? '',
    root: root.value ?? '',
    algorithms: strong,
    dropEcdsa,
  });
  const wanted = new Map([
    ...(passwords.value === undefined ? [] : [['passwordauthentication', passwords.value] as const]),
    ...(root.value === undefined ? [] : [['permitrootlogin', root.value] as const]),
    ['permitemptypasswords', 'no'] as const,
    ['x11forwarding', 'no'] as const,
  ]);
  return {
    resources: [
      file.of(
        { path: OUR_DROP_IN, content },
        {
          guarded: true,
          notify: [{ service: 'ssh', action: 'reload' }],
          // sshd wants the folder that its service has while it runs; with ssh.socket it may not run now.
          validate: {
            root: '/etc/ssh',
            command: ['sh', '-c', '[ -d /run/sshd ] || mkdir -m 0755 /run/sshd; exec sshd -t'],
          },
        },
      ),
    ],
    notes: [
      ...passwords.notes,
      ...root.notes,
      ...(strong ? [algorithmNote(dropEcdsa, knownByEcdsa)] : []),
      ...earlierNotes(sshd, wanted),
    ],
  };
}

function algorithmNote(dropEcdsa: boolean, knownByEcdsa: boolean): Note {
  const keys = dropEcdsa
    ? ' Who knows this machine only by its ECDSA key is asked once whether the ED25519 key is right.'
    : knownByEcdsa
      ? ' It goes on showing its ECDSA key, by which alone this computer knows it.'
      : '';
  return {
    level: 'info',
    text: `sshd offers only strong algorithms; every client of the last ten years has them.${keys} \`ssh: { algorithms: keep }\` leaves it its own choice.`,
  };
}

/** sshd takes the first word on each setting: what stands before our file wins, and a person should know. */
function earlierNotes(sshd: Sshd, wanted: ReadonlyMap<string, string>): readonly Note[] {
  const earlier = sshd.dropIns.filter(
    ({ file: path, key, value }) => path < OUR_DROP_IN && differs(wanted.get(key), value),
  );
  const named = earlier.map(({ file: path, key, value }) => ({
    level: 'warning' as const,
    text: `${path} is read before ours and says ${key} ${value}: that holds. Rename or change it if it should not.`,
  }));
  if (sshd.include === 'first' || !sshd.dropIns.some(({ file: path }) => path === OUR_DROP_IN)) return named;
  const lost = [...wanted].filter(([key, value]) => differs(value, sshd.effective[key]));
  if (lost.length === 0) return named;
  const text = `/etc/ssh/sshd_config speaks before it reads our file, and says otherwise on ${lost.map(([key]) => key).join(', ')}: move its Include line to the top.`;
  return [...named, { level: 'warning', text }];
}

function differs(wanted: string | undefined, found: string | undefined): boolean {
  return wanted !== undefined && found !== undefined && plain(wanted) !== plain(found);
}

/** `sshd -T` still uses the old word. */
const plain = (value: string): string => value.toLowerCase().replace('without-password', 'prohibit-password');
