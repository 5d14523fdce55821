import { createServer, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { probe as ftp } from '../../src/check/probes/ftp.ts';
import { probe as ssh } from '../../src/check/probes/ssh.ts';
import { hereVantage } from '../../src/check/vantages/here.ts';

let stop: (() => void) | undefined;
afterEach(() => stop?.());

/** A server that answers each line with what `answers` has for its first word. */
async function serve(greeting: string, answers: Readonly<Record<string, string>> = {}): Promise<number> {
  const talk = (stream: Socket): void => {
    stream.on('error', () => undefined);
    stream.write(greeting);
    stream.on('data', (chunk) => {
      for (const line of String(chunk).split('\r\n').slice(0, -1))
        stream.write(answers[line.split(' ')[0] ?? ''] ?? '502 no\r\n');
    });
  };
  const server = createServer(talk);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stop = () => server.close();
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

const run = (probe: typeof ftp, port: number) =>
  probe.run(
    {
      open: () => hereVantage().open('127.0.0.1', port, 1000),
      address: '127.0.0.1',
      port,
      timeoutMs: 1000,
    },
    {},
  );

it.each([
  ['lets people log in in the clear', '220 hi\r\n', { USER: '331 password?\r\n' }, 'plain-text'],
  ['has no TLS', '220-hi\r\n220-there\r\n220 hi\r\n', { USER: '530 no\r\n' }, 'no-tls'],
  [
    'says that it has TLS and has none',
    '220 hi\r\n',
    { USER: '530 no\r\n', AUTH: '234 go on\r\nnonsense nonsense\r\n' },
    'no-tls',
  ],
  ['is full', '421 too many\r\n', {}, 'turned-away'],
  ['is something else', 'SSH-2.0-x\r\n', {}, 'not-ftp'],
])('the FTP probe tells of a server that %s', async (_, greeting, answers, cause) => {
  expect(await run(ftp, await serve(greeting, answers))).toMatchObject({ ok: false, connected: true, cause });
});

it.each([
  ['SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n', undefined],
  ['a word before\r\nSSH-1.99-old\r\n', undefined],
  ['SSH-1.5-older\r\n', 'not-ssh'],
  ['220 FTP\r\n'.repeat(30), 'not-ssh'],
])('the ssh probe reads %j', async (greeting, cause) => {
  const outcome = await run(ssh, await serve(greeting));
  expect([outcome.ok, outcome.cause]).toEqual([cause === undefined, cause]);
});
