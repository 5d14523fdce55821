import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Sudo } from '../../../src/connect/connection.ts';
import { openAsRoot } from '../../../src/connect/root.ts';
import { ConnectError } from '../../../src/errors.ts';
import { sh } from '../../../src/quote.ts';
import { connectBy, type ScriptedAsk, scriptedAsk } from '../../connect/keys.ts';
import { laptop } from './laptop.ts';

const { box, key, knownHosts, password, inBox } = await laptop();
const ROOT_PASSWORD = 'root-only-knows';
const PLAIN_PASSWORD = 'plainly-plain';

beforeAll(async () => {
  await inBox(sh`printf '%s\n' ${`root:${ROOT_PASSWORD}`} ${`plain:${PLAIN_PASSWORD}`} | chpasswd
id fishy >/dev/null 2>&1 || { apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq fish tcsh; } >/dev/null
for user in fishy cshy; do id $user >/dev/null 2>&1 || useradd -m $user; done
usermod -s /usr/bin/fish fishy; usermod -s /usr/bin/tcsh cshy
for user in fishy cshy; do
  install -d -m 700 -o $user /home/$user/.ssh
  install -m 600 -o $user /home/plain/.ssh/authorized_keys /home/$user/.ssh/authorized_keys
  echo "$user ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/$user
done`);
});

describe.each(['node-ssh', 'openssh'] as const)('becoming root by %s', (backend) => {
  async function log(user: string, ask: ScriptedAsk) {
    return connectBy(
      backend,
      { host: box, user, knownHostsFile: knownHosts, ...(user === 'word' ? {} : { identityFile: key }) },
      ask,
    );
  }

  /** What a program run as root prints, with input that begins right after any password. */
  async function become(user: string, ask: ScriptedAsk, sudo: Sudo = 'auto'): Promise<string> {
    const connection = await log(user, ask);
    try {
      const channel = await openAsRoot(connection, sh`id -un; pwd; cat; exit 7`, { sudo, ask });
      channel.stdin.end('one\ntwo\n');
      const [stdout, exit] = await Promise.all([text(channel.stdout), channel.exit]);
      expect(exit).toEqual({ code: 7 });
      return stdout;
    } finally {
      await connection.close();
    }
  }

  async function failure(user: string, ask: ScriptedAsk, sudo: Sudo = 'auto'): Promise<ConnectError> {
    const started = Date.now();
    const error = await become(user, ask, sudo).catch((reason: unknown) => reason);
    if (!ask.interactive) expect(Date.now() - started).toBeLessThan(15_000);
    if (!(error instanceof ConnectError)) throw new Error('No ConnectError', { cause: error });
    expect(error.exitCode).toBe(4);
    return error;
  }

  const AS_ROOT = 'root\n/\none\ntwo\n';
  const pi = password('pi');

  it.each(['root', 'nopass', 'fishy', 'cshy'])('asks nothing of %s', async (user) => {
    expect(await become(user, scriptedAsk({}, false))).toBe(AS_ROOT);
  });

  it('sends the password of pi to sudo', async () => {
    const ask = scriptedAsk({ 'sudo password': [pi] }, false);
    expect(await become('pi', ask)).toBe(AS_ROOT);
    expect(ask.asked).toEqual([`sudo password of pi on pi@${box}:22`]);
  });

  it('logs word in by password, and to sudo by the same', async () => {
    const secret = password('word');
    const ask = scriptedAsk({ 'Password for': [secret], 'sudo password': [secret] }, false);
    expect(await become('word', ask)).toBe(AS_ROOT);
  });

  it('lets a person try again', async () => {
    expect(await become('pi', scriptedAsk({ 'sudo password': ['wrong', pi] }))).toBe(AS_ROOT);
  });

  it('says that the sudo password is wrong', async () => {
    const error = await failure('pi', scriptedAsk({ 'sudo password': ['wrong', pi] }, false));
    expect(error.message).toBe(`sudo on pi@${box}:22 did not accept the password of pi.`);
  });

  it('says that nobody is there to type it', async () => {
    const error = await failure('pi', scriptedAsk({}, false));
    expect(error.message).toBe(
      `sudo on pi@${box}:22 asks for the password of pi, and nobody is here to type it.`,
    );
  });

  it('says that plain may not use sudo, with the commands that change it', async () => {
    const error = await failure('plain', scriptedAsk({ 'sudo password': [PLAIN_PASSWORD] }, false));
    expect(error.message).toBe(`plain may not use sudo on plain@${box}:22.`);
    expect(error.hint).toContain('usermod -aG sudo plain');
  });

  it('goes by su where a person knows the password of root', async () => {
    const ask = scriptedAsk({
      'sudo password': [PLAIN_PASSWORD],
      "root's password": ['wrong', ROOT_PASSWORD],
    });
    expect(await become('plain', ask)).toBe(AS_ROOT);
  });

  it('says that the password of root is wrong', async () => {
    const ask = scriptedAsk({ 'sudo password': [PLAIN_PASSWORD], "root's password": ['1', '2', '3'] });
    expect((await failure('plain', ask)).message).toBe(
      `su on plain@${box}:22 did not accept root's password.`,
    );
  });

  describe('on a host without sudo', () => {
    afterEach(() => inBox(sh`mv /usr/bin/sudo.away /usr/bin/sudo`));

    it('says so, or goes by su', async () => {
      await inBox(sh`mv /usr/bin/sudo /usr/bin/sudo.away`);
      const error = await failure('plain', scriptedAsk({}, false));
      expect(error.message).toBe(`plain@${box}:22 has no sudo, and plain is not root.`);
      expect(error.hint).toContain('apt-get install -y sudo\n  usermod -aG sudo plain');
      expect(await become('plain', scriptedAsk({ "root's password": [ROOT_PASSWORD] }))).toBe(AS_ROOT);
    });
  });

  it('takes a wrapper, and refuses to climb when told so', async () => {
    expect(await become('nopass', scriptedAsk({}), { command: 'sudo -n -u root' })).toBe(AS_ROOT);
    expect((await failure('pi', scriptedAsk({}), { command: 'sudo -n' })).message).toContain('by sudo -n');
    expect((await failure('nopass', scriptedAsk({}), 'none')).message).toContain('connect.sudo is "none"');
  });

  describe('under a strict sudoers file', () => {
    afterEach(() => inBox(sh`rm -f /etc/sudoers.d/zz-test`));

    it('names requiretty', async () => {
      await inBox(sh`echo 'Defaults requiretty' >/etc/sudoers.d/zz-test`);
      const error = await failure('nopass', scriptedAsk({}, false));
      expect(error.message).toContain('insists on a terminal');
    });

    it('works with a lecture and without a delay', async () => {
      await inBox(sh`echo 'Defaults lecture=always, use_pty' >/etc/sudoers.d/zz-test`);
      expect(await become('pi', scriptedAsk({ 'sudo password': [pi] }))).toBe(AS_ROOT);
    });
  });

  describe('past a talkative .bashrc', () => {
    afterEach(() => inBox(sh`sed -i 1d /home/pi/.bashrc`));

    it('drops what it says', async () => {
      await inBox(sh`sed -i '1i printf "Welcome back"; echo "noise" >&2' /home/pi/.bashrc`);
      expect(await become('pi', scriptedAsk({ 'sudo password': [pi] }, false))).toBe(AS_ROOT);
    });
  });

  it('carries 300 MB through sudo byte by byte', async () => {
    const ask = scriptedAsk({ 'sudo password': [pi] }, false);
    const connection = await log('pi', ask);
    const channel = await openAsRoot(connection, sh`sha256sum`, { sudo: 'auto', ask });
    const hash = createHash('sha256');
    const chunk = randomBytes(1024 * 1024);
    function* chunks(): Generator<Buffer> {
      for (let sent = 0; sent < 300; sent += 1) {
        hash.update(chunk);
        yield chunk;
      }
    }
    const [stdout] = await Promise.all([
      text(channel.stdout),
      pipeline(Readable.from(chunks()), channel.stdin),
    ]);
    expect(stdout.split(' ')[0]).toBe(hash.digest('hex'));
    await connection.close();
  });

  it('shows the password to no process list and no environment', async () => {
    const ask = scriptedAsk({ 'sudo password': [pi] }, false);
    const connection = await log('pi', ask);
    const channel = await openAsRoot(
      connection,
      sh`cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\0' '\n'`,
      { sudo: 'auto', ask },
    );
    const seen = await text(channel.stdout);
    expect(seen).toContain('sudo');
    expect(seen).not.toContain(pi);
    await connection.close();
  });
});
