import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { fact } from '../../src/facts/probes/ssh.ts';

describe('the ssh fact', () => {
  it('reads a connection, sshd on two ports, and leaves other listeners alone', () => {
    const ssh = fact.parse(`##connection
2001:DB8::5 50022 2001:db8::20 2222
##sockets
LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=612,fd=3))
LISTEN 0 128 [::]:2222 [::]:* users:(("sshd",pid=612,fd=4))
LISTEN 0 511 0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=700,fd=6))
##unit
ActiveState=inactive
Listen=[::]:22 (Stream)
`);
    expect(ssh).toEqual({
      ports: [22, 2222],
      socketActivated: false,
      connection: { clientAddress: '2001:db8::5', serverAddress: '2001:db8::20', serverPort: 2222 },
    });
  });

  it('reads ports from ssh.socket where systemd listens (Ubuntu, Raspberry Pi OS)', () => {
    const ssh = fact.parse(`##connection

##sockets
LISTEN 0 4096 *:2022 *:* users:(("systemd",pid=1,fd=96))
##unit
Listen=0.0.0.0:2022 (Stream)
Listen=[::]:2022 (Stream)
ActiveState=active
`);
    expect(ssh).toEqual({ ports: [2022], socketActivated: true });
  });

  it.each(['', '##connection\nnonsense\n', '##connection\n1.2.3.4 5\n'])('knows nothing of %j', (output) => {
    expect(fact.parse(output)).toEqual({ ports: [], socketActivated: false });
  });

  it.each([
    [
      'Accepted publickey for pi from 192.168.1.5 port 50022 ssh2: ED25519 SHA256:abc',
      { user: 'pi', method: 'publickey' },
    ],
    ['Accepted password for pi from 192.168.1.5 port 50022 ssh2', { user: 'pi', method: 'password' }],
    [
      'Accepted keyboard-interactive/pam for pi from 192.168.1.5 port 50022 ssh2',
      { user: 'pi', method: 'keyboard-interactive/pam' },
    ],
    ['Accepted publickey for pi from 192.168.1.5 port 50023 ssh2: ED25519 SHA256:abc', undefined],
    ['Accepted publickey for pi from 192.168.1.6 port 50022 ssh2: ED25519 SHA256:abc', undefined],
    ['Failed publickey for pi from 192.168.1.5 port 50022 ssh2: ED25519 SHA256:abc', undefined],
    ['', undefined],
  ])('knows from sshd how this connection got in: %s', (line, login) => {
    const { connection } = fact.parse(`##connection\n192.168.1.5 50022 192.168.1.20 22\n##login\n${line}\n`);
    expect(connection?.login).toEqual(login);
  });

  it('finds the connection above a process whose environment was emptied, as sudo does', () => {
    const script = ['-c', 'env -i PATH="$PATH" sh -c "$1" ; true', 'sh', fact.script.text];
    const env = { PATH: process.env.PATH, SSH_CONNECTION: '192.168.1.5 50000 192.168.1.20 22' };
    const output = execFileSync('sh', script, { env, encoding: 'utf8' });
    expect(fact.parse(output).connection).toEqual({
      clientAddress: '192.168.1.5',
      serverAddress: '192.168.1.20',
      serverPort: 22,
    });
  });
});
