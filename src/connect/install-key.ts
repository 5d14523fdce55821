import { access, mkdir, readFile } from 'node:fs/promises';
import { homedir, hostname, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { ConnectError, HostError } from '../errors.ts';
import { sh } from '../quote.ts';
import { capture } from './capture.ts';
import type { Ask, Connection } from './connection.ts';
import { runTool } from './spawn.ts';

/** Whose key is installed, and who is asked. */
export interface KeyOffer {
  readonly ask: Ask;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Offers to install a key on the host, so that no password is needed next time: asks, makes an ed25519 key if
 * there is none, and adds it to `authorized_keys` unless it is there. Resolves to what was done.
 */
export async function offerKeyInstall(
  connection: Connection,
  { ask, env = process.env }: KeyOffer,
): Promise<'declined' | 'installed'> {
  const question = `Install your ssh key on ${connection.target}, so that no password is needed next time?`;
  if (!(await ask.confirm(question))) return 'declined';
  const line = await readOrMakeKey(env);
  const { code, stderr } = await capture(connection, INSTALL, `${line}\n`);
  if (code !== 0) {
    throw new HostError(`The key could not be installed on ${connection.target}.`, { output: stderr.trim() });
  }
  return 'installed';
}

/** Reads the key's line from stdin; adds it once, after a last line that may lack its newline. */
const INSTALL = sh`set -e
umask 077
IFS= read -r line
mkdir -p "$HOME/.ssh"
cd "$HOME/.ssh"
touch authorized_keys
key=$(printf '%s\n' "$line" | cut -d ' ' -f 1,2)
grep -qF -- "$key" authorized_keys && exit 0
[ -z "$(tail -c 1 authorized_keys)" ] || echo >>authorized_keys
printf '%s\n' "$line" >>authorized_keys`;

async function readOrMakeKey(env: NodeJS.ProcessEnv): Promise<string> {
  const folder = join(env.HOME ?? homedir(), '.ssh');
  for (const name of ['id_ed25519', 'id_ecdsa', 'id_rsa']) {
    const file = join(folder, name);
    const there = await access(file).then(
      () => true,
      () => false,
    );
    if (there) return publicLine(file, env);
  }
  const file = join(folder, 'id_ed25519');
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const comment = `${userInfo().username}@${hostname()}`;
  const { code, stderr } = await runTool(
    'ssh-keygen',
    ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', file],
    env,
  );
  if (code !== 0) {
    throw new ConnectError(`No key could be made in ${file}.`, {
      hint: code === null ? 'Install ssh-keygen: apt-get install openssh-client' : stderr.trim(),
    });
  }
  return publicLine(file, env);
}

/** The key's public line: from the file beside it, else computed from the key. */
async function publicLine(file: string, env: NodeJS.ProcessEnv): Promise<string> {
  const beside = await readFile(`${file}.pub`, 'utf8').catch(() => '');
  const line =
    beside.trim() || (await runTool('ssh-keygen', ['-y', '-P', '', '-f', file], env)).stdout.trim();
  if (line.includes(' ')) return line.split('\n')[0] ?? line;
  throw new ConnectError(`The public half of ${file} cannot be read.`, {
    hint: `Write it: ssh-keygen -y -f ${file} > ${file}.pub`,
  });
}
