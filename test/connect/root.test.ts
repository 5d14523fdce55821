import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection, Sudo } from '../../src/connect/connection.ts';
import { connectLocal } from '../../src/connect/local.ts';
import { secretKind } from '../../src/connect/questions.ts';
import { recordingConnection } from '../../src/connect/recording.ts';
import { openAsRoot } from '../../src/connect/root.ts';
import { rootSecrets } from '../../src/connect/root-secrets.ts';
import { ConnectError } from '../../src/errors.ts';
import { sh } from '../../src/quote.ts';
import { type ScriptedAsk, scriptedAsk } from './keys.ts';

const PASSWORD = 'it\'s a "secret" $HOME';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hostwright-test-'));
  // The account is not root until sudo or su has set a flag in the environment.
  script(
    'id',
    '[ "$1" = -u ] && { echo "${IS_ROOT:+0}${IS_ROOT:-1000}" | cut -c 1-4 | sed s/01/0/; exit; }; echo pi',
  );
  for (const tool of ['sh', 'cat', 'sed', 'cut', 'env', 'sleep', 'head', 'wc'])
    symlinkSync(`/bin/${tool}`, join(folder, tool));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function script(name: string, body: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`);
  chmodSync(join(folder, name), 0o755);
}

/** A sudo that behaves as the real one does without a terminal: prompts on stderr, reads a line, tries three times. */
function fakeSudo({ free = false, denied = false, tty = false } = {}): void {
  script(
    'sudo',
    `n= s= p=
while [ $# -gt 0 ]; do case $1 in -n) n=1;; -S) s=1;; -k) ;; -p) p=$2; shift;; --) shift; break;; esac; shift; done
${tty ? 'echo "sudo: sorry, you must have a tty to run sudo" >&2; exit 1' : ''}
${free ? 'IS_ROOT=1 exec "$@"' : ''}
[ -n "$n" ] && { echo "sudo: a password is required" >&2; exit 1; }
for try in 1 2 3; do
  printf %s "$p" >&2
  IFS= read -r given || { echo "sudo: no password was provided" >&2; exit 1; }
  if [ "$given" = '${PASSWORD.replaceAll("'", "'\\''")}' ]; then
    ${denied ? 'echo "pi is not in the sudoers file." >&2; exit 1' : 'IS_ROOT=1 exec "$@"'}
  fi
  [ $try = 3 ] || echo "Sorry, try again." >&2
done
echo "sudo: 3 incorrect password attempts" >&2; exit 1`,
  );
}

function fakeSu(): void {
  script(
    'su',
    `[ "$1 $2 $3 $5" = "-s /bin/sh -c root" ] || { echo "su: bad usage" >&2; exit 1; }
printf 'Password: ' >&2
IFS= read -r given
echo >&2
[ "$given" = toor ] || { echo "su: Authentication failure" >&2; exit 1; }
IS_ROOT=1 exec sh -c "$4"`,
  );
}

/** This machine, seen as the account pi with only the fakes on its PATH, behind a talkative login shell. */
function machine(): Connection {
  const local = connectLocal({ PATH: folder });
  return {
    ...local,
    target: 'attic',
    user: 'pi',
    exec: (command) => local.exec(sh`printf 'Welcome to attic!'; echo 'motd on stderr' >&2; ${command}`),
  };
}

async function becomeRoot(
  ask: ScriptedAsk,
  options: { sudo?: Sudo; secrets?: ReturnType<typeof rootSecrets> } = {},
) {
  // The program's PATH is the fixed one: what it runs are the real tools.
  const channel = await openAsRoot(machine(), sh`echo "flag $IS_ROOT in $PWD"; cat; echo end >&2; exit 7`, {
    sudo: 'auto',
    ask,
    ...options,
  });
  channel.stdin.end('first line\nsecond\n');
  const [stdout, stderr, exit] = await Promise.all([
    text(channel.stdout),
    text(channel.stderr),
    channel.exit,
  ]);
  return { stdout, stderr, exit };
}

const asRoot = { stdout: 'flag 1 in /\nfirst line\nsecond\n', stderr: 'end\n', exit: { code: 7 } };

async function failure(ask: ScriptedAsk, sudo: Sudo = 'auto'): Promise<ConnectError> {
  const error = await becomeRoot(ask, { sudo }).catch((reason: unknown) => reason);
  if (!(error instanceof ConnectError)) throw new Error('No ConnectError', { cause: error });
  expect(error.exitCode).toBe(4);
  expect(error.hint).toBeTruthy();
  expect(`${error.message}${error.hint}${error.output}`).not.toContain(PASSWORD);
  return error;
}

describe('openAsRoot', () => {
  it('hands over stdin, stdout, stderr and status untouched when sudo asks for nothing', async () => {
    fakeSudo({ free: true });
    expect(await becomeRoot(scriptedAsk({}))).toEqual(asRoot);
  });

  it('sends the password once and loses nothing of what follows', async () => {
    fakeSudo();
    const ask = scriptedAsk({ 'sudo password': [PASSWORD] }, false);
    expect(await becomeRoot(ask)).toEqual(asRoot);
    expect(ask.asked).toEqual(['sudo password of pi on attic']);
  });

  it('asks only once in a run', async () => {
    fakeSudo();
    const ask = scriptedAsk({ 'sudo password': [PASSWORD] }, false);
    const secrets = rootSecrets();
    expect(await becomeRoot(ask, { secrets })).toEqual(asRoot);
    expect(await becomeRoot(ask, { secrets })).toEqual(asRoot);
    expect(ask.asked).toHaveLength(1);
  });

  it('lets a person try three times', async () => {
    fakeSudo();
    const ask = scriptedAsk({ 'sudo password': ['no', 'no', PASSWORD] });
    expect(await becomeRoot(ask)).toEqual(asRoot);
    const error = await failure(scriptedAsk({ 'sudo password': ['1', '2', '3', PASSWORD] }));
    expect(error.message).toBe('sudo on attic did not accept the password of pi.');
  });

  it('lets a script try once', async () => {
    fakeSudo();
    const ask = scriptedAsk({ 'sudo password': ['no', PASSWORD] }, false);
    expect((await failure(ask)).message).toContain('did not accept the password');
    expect(ask.asked).toHaveLength(1);
  });

  it('says how to do without a password when nobody is there', async () => {
    fakeSudo();
    const error = await failure(scriptedAsk({}, false));
    expect(error.message).toContain('nobody is here to type it');
    expect(error.hint).toContain('NOPASSWD');
    expect(error.hint).toContain('Set the variable.');
  });

  it('does not keep a password that was wrong', async () => {
    fakeSudo();
    const secrets = rootSecrets();
    await expect(becomeRoot(scriptedAsk({ 'sudo password': ['no'] }, false), { secrets })).rejects.toThrow();
    expect(secrets).toEqual(rootSecrets());
  });

  it('always asks when told so', async () => {
    fakeSudo();
    const ask = scriptedAsk({ 'sudo password': [PASSWORD] });
    expect(await becomeRoot(ask, { sudo: 'ask' })).toEqual(asRoot);
  });

  it('names an account without rights, with the commands that give them', async () => {
    fakeSudo({ denied: true });
    const error = await failure(scriptedAsk({ 'sudo password': [PASSWORD] }, false));
    expect(error.message).toBe('pi may not use sudo on attic.');
    expect(error.hint).toContain('usermod -aG sudo pi');
  });

  it('names a host without sudo, with the commands that bring it', async () => {
    const error = await failure(scriptedAsk({}, false));
    expect(error.message).toBe('attic has no sudo, and pi is not root.');
    expect(error.hint).toContain('apt-get install -y sudo\n  usermod -aG sudo pi');
  });

  it('falls back on su where a person is there', async () => {
    fakeSu();
    const ask = scriptedAsk({ "root's password": ['no', 'toor'] });
    const secrets = rootSecrets();
    expect(await becomeRoot(ask, { secrets })).toEqual(asRoot);
    expect(await becomeRoot(ask, { secrets })).toEqual(asRoot);
    expect(ask.asked.map(secretKind)).toEqual(['root-password', 'root-password']);
    const error = await failure(scriptedAsk({ "root's password": ['1', '2', '3', 'toor'] }));
    expect(error.message).toBe("su on attic did not accept root's password.");
  });

  it('names requiretty', async () => {
    fakeSudo({ tty: true });
    expect((await failure(scriptedAsk({}))).hint).toContain('!requiretty');
  });

  it('takes the wrapper of the host file', async () => {
    script(
      'doas',
      '[ "$1" = -u ] && [ "$2" = root ] && { shift 2; IS_ROOT=1 exec "$@"; }; echo "doas: no" >&2; exit 1',
    );
    expect(await becomeRoot(scriptedAsk({}), { sudo: { command: ' doas  -u root ' } })).toEqual(asRoot);
    const error = await failure(scriptedAsk({}), { command: 'doas -u toor' });
    expect(error.message).toBe('pi did not become root on attic by doas -u toor.');
    expect(error.output).toContain('doas: no');
  });

  it('refuses without sudo unless the program may run as the account itself', async () => {
    expect((await failure(scriptedAsk({}), 'none')).message).toContain('connect.sudo is "none"');
    const channel = await openAsRoot(machine(), sh`echo "flag [$IS_ROOT]"`, {
      sudo: 'none',
      ask: scriptedAsk({}),
      rootOnly: false,
    });
    expect(await text(channel.stdout)).toBe('flag []\n');
  });

  it('puts no secret into a command', async () => {
    const commands: string[] = [];
    const pi = machine();
    fakeSudo();
    const recorded: Connection = {
      ...pi,
      exec: (command) => {
        commands.push(command.text);
        return pi.exec(command);
      },
    };
    const channel = await openAsRoot(recorded, sh`true`, {
      sudo: 'auto',
      ask: scriptedAsk({ 'sudo password': [PASSWORD] }),
    });
    await channel.exit;
    expect(commands).toHaveLength(1);
    expect(commands.join()).not.toContain('secret');
  });

  it('starts at once as root, and drops what the login shell says', async () => {
    const root: Connection = { ...machine(), user: 'root' };
    const channel = await openAsRoot(root, sh`echo ready; cat`, { sudo: 'auto', ask: scriptedAsk({}) });
    channel.stdin.end('x\n');
    expect(await text(channel.stdout)).toBe('ready\nx\n');
  });

  it('fails when the connection breaks on the way', async () => {
    const broken = recordingConnection({ user: 'pi', reply: () => ({ lost: true }) });
    const way = openAsRoot(
      { ...broken, exec: (command) => broken.exec(sh`x ${command.text.replace(/:root/g, '')}`) },
      sh`true`,
      {
        sudo: 'auto',
        ask: scriptedAsk({}),
      },
    );
    await expect(way).rejects.toThrow('was lost');
  });
});
