import { sh } from '../../quote.ts';
import { defineFact } from '../probe.ts';
import { sections } from '../sections.ts';
import { OUR_DROP_IN } from '../sshd/drop-in.ts';

/** How sshd is set up, and who could log in. */
export interface Sshd {
  /** False where there is no /etc/ssh/sshd_config. */
  readonly installed: boolean;
  /** Whether sshd_config reads /etc/ssh/sshd_config.d/*.conf before it says anything itself: sshd takes the first word. */
  readonly include: 'first' | 'late' | 'none';
  /** What holds for everybody, by setting in small letters (`sshd -T`); empty when sshd did not tell. */
  readonly effective: Readonly<Record<string, string>>;
  /** Settings in files of sshd_config.d, in the order in which sshd reads them. */
  readonly dropIns: readonly DropInSetting[];
  /** Types of the host keys that are there: `ed25519`, `rsa`, `ecdsa`. */
  readonly hostKeys: readonly string[];
  /** root, and people's accounts with a shell. */
  readonly people: readonly Person[];
}

export interface DropInSetting {
  /** Path of the file. */
  readonly file: string;
  /** In small letters. */
  readonly key: string;
  readonly value: string;
}

export interface Person {
  readonly name: string;
  readonly password: boolean;
  /** There is something in the account's authorized_keys. */
  readonly keys: boolean;
}

const SETTINGS = sh`^(passwordauthentication|kbdinteractiveauthentication|permitrootlogin|pubkeyauthentication|authenticationmethods|hostkey|x11forwarding|permitemptypasswords|(allow|deny)(users|groups)|kexalgorithms|ciphers|macs|hostkeyalgorithms) `;

export const fact = defineFact<Sshd>({
  onRequest: true,
  // sshd -T wants the folder that its service has while it runs; a private one will do for looking (unshare(1)).
  script: sh`cd /etc/ssh 2>/dev/null && [ -f sshd_config ] || exit 0
echo '##effective'
if [ -d /run/sshd ]; then e=$(sshd -T 2>/dev/null)
else e=$(unshare --mount --propagation private sh -c 'mount -t tmpfs tmpfs /run && mkdir /run/sshd && sshd -T' 2>/dev/null); fi
printf '%s\n' "$e" | grep -E '${SETTINGS}'
echo '##config'; grep -vE '^[[:space:]]*(#|$)' sshd_config | head -n 5; grep -inE '^[[:space:]]*include[[:space:]].*sshd_config\.d/' sshd_config
echo '##drop-ins'; for f in sshd_config.d/*.conf; do grep -HvE '^[[:space:]]*(#|$)' "$f" 2>/dev/null; done
echo '##host-keys'; printf '%s\n' "$e" | sed -n 's/^hostkey //p' | while IFS= read -r f; do if [ -s "$f.pub" ]; then cut -d' ' -f1 "$f.pub"; fi; done
echo '##people'
w=$(sed -n 's/^\([^:]*\):[^:!*][^:]*:.*/ \1 /p' /etc/shadow 2>/dev/null)
while IFS=: read -r n _ u _ _ h s; do
  if [ "$u" != 0 ] && { [ "$u" -lt 1000 ] || [ "$u" -gt 60000 ]; }; then continue; fi
  case $s in */nologin | */false) continue ;; esac
  case $w in *" $n "*) a=password ;; *) a=none ;; esac
  if [ -s "$h/.ssh/authorized_keys" ] || [ -s "$h/.ssh/authorized_keys2" ]; then a="$a keys"; fi
  printf '%s %s\n' "$n" "$a"
done </etc/passwd 2>/dev/null
true`,
  parse(output) {
    const part = sections(output);
    const config = lines(part('config'));
    const settings = config.filter((line) => !/^\d+:/.test(line));
    const include = config.some((line) => /^\d+:/.test(line));
    const first = /^\s*include\s.*sshd_config\.d\//i.test(settings[0] ?? '');
    return {
      installed: output.includes('##effective'),
      include: first ? 'first' : include ? 'late' : 'none',
      effective: Object.fromEntries(lines(part('effective')).map(keyAndValue)),
      dropIns: lines(part('drop-ins')).map(toSetting),
      hostKeys: [...new Set(lines(part('host-keys')).map(keyType))],
      people: lines(part('people')).map((line) => {
        const [name = '', password, keys] = line.split(' ');
        return { name, password: password === 'password', keys: keys === 'keys' };
      }),
    };
  },
});

/** What our own file says on a setting, from an earlier run. */
export function ownSetting({ dropIns }: Sshd, key: string): string | undefined {
  return dropIns.find((setting) => setting.file === OUR_DROP_IN && setting.key === key)?.value;
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

function keyAndValue(line: string): [string, string] {
  const [, key = '', value = ''] = /^\s*(\S+?)(?:[\s=]+(.*?))?\s*$/.exec(line) ?? [];
  return [key.toLowerCase(), value];
}

function toSetting(line: string): DropInSetting {
  const at = line.indexOf(':');
  const [key, value] = keyAndValue(line.slice(at + 1));
  return { file: `/etc/ssh/${line.slice(0, at)}`, key, value };
}

/** `ssh-ed25519` → `ed25519`, `ecdsa-sha2-nistp256` → `ecdsa`. */
function keyType(algorithm: string): string {
  return algorithm.replace(/^ssh-/, '').replace(/-sha2-.*$/, '');
}
