import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { capture } from '../../src/connect/capture.ts';
import type { Connection } from '../../src/connect/connection.ts';
import { ForwardError } from '../../src/connect/connection.ts';
import { ConnectError } from '../../src/errors.ts';
import { sh } from '../../src/quote.ts';

/** One implementation under test, and which parts of the contract can be seen on it. */
export interface Subject {
  open(): Promise<Connection>;
  /** Breaks the line under all open connections; absent where there is none to break. */
  readonly cut?: () => void;
  /** Bytes for the throughput test. Default 32 MiB. */
  readonly bulk?: number;
  /** The machine's loopback is this process's too: forwards to servers of the test are made. */
  readonly sameLoopback: boolean;
  /** The other end says why a forward failed, as OpenSSH does and ssh2's own server does not. */
  readonly saysWhy: boolean;
}

/** Discard, where nothing listens. */
const CLOSED = 9;

/** What every implementation of {@link Connection} must do. Run by each of them. */
export function connectionContract(name: string, subject: Subject): void {
  describe(`${name} keeps the connection contract`, () => {
    let connection: Connection;
    beforeEach(async () => {
      connection = await subject.open();
    });
    afterEach(() => connection.close());

    describe('exec', () => {
      it('gives stdin, stdout, stderr and the exit code', async () => {
        const result = await capture(connection, sh`cat; echo complaint >&2; exit 3`, 'hello\n');
        expect(result).toEqual({ code: 3, stdout: 'hello\n', stderr: 'complaint\n' });
      });

      it('reads the command by sh, whatever it holds', async () => {
        const words = ["it's", 'a\nb', '!x', '\\\\', '"$HOME"', '`id`', 'ü€', '%s', '*', ' ', ''];
        const { stdout } = await capture(connection, sh`printf '[%s]' ${words}`);
        expect(stdout).toBe(words.map((word) => `[${word}]`).join(''));
      });

      it('runs as the account it says', async () => {
        const { stdout } = await capture(connection, sh`id -un`);
        expect(stdout.trim()).toBe(connection.user);
      });

      it('does not take a command that a signal ended for a success', async () => {
        const { code } = await capture(connection, sh`kill -9 $$`);
        expect(code === null || code > 128).toBe(true);
      });

      it('delivers all output of a command that ends at once', async () => {
        const { stdout } = await capture(connection, sh`head -c 300000 /dev/zero | tr '\0' x`);
        expect(stdout).toBe('x'.repeat(300_000));
      });

      it('carries binary content both ways unchanged', async () => {
        const content = Buffer.concat([randomBytes(100_000), Buffer.from([0, 10, 13, 26, 255])]);
        const channel = await connection.exec(sh`cat`);
        channel.stdin.end(content);
        expect((await buffer(channel.stdout)).equals(content)).toBe(true);
        expect(await channel.exit).toEqual({ code: 0 });
      });

      it('keeps a conversation going on one channel', async () => {
        const channel = await connection.exec(sh`while read -r line; do echo "heard $line"; done`);
        for (const word of ['one', 'two', 'three']) {
          channel.stdin.write(`${word}\n`);
          const [chunk] = await once(channel.stdout, 'data');
          expect(String(chunk)).toBe(`heard ${word}\n`);
        }
        channel.stdin.end();
        expect(await channel.exit).toEqual({ code: 0 });
      });

      it('passes a large stream through stdin with bounded memory', async () => {
        const { bulk = 32 * 1024 * 1024 } = subject;
        const chunk = randomBytes(1024 * 1024);
        const hash = createHash('sha256');
        let held = 0;
        async function* chunks(): AsyncGenerator<Buffer> {
          for (let sent = 0; sent < bulk; sent += chunk.length) {
            hash.update(chunk);
            yield chunk;
            held = Math.max(held, process.memoryUsage().arrayBuffers);
          }
        }
        const before = process.memoryUsage().arrayBuffers;
        const channel = await connection.exec(sh`sha256sum`);
        const [stdout] = await Promise.all([
          text(channel.stdout),
          pipeline(Readable.from(chunks()), channel.stdin),
        ]);
        expect(stdout.split(' ')[0]).toBe(hash.digest('hex'));
        expect(held - before).toBeLessThan(128 * 1024 * 1024);
      });

      it('stops taking input when the command reads none', async () => {
        const channel = await connection.exec(sh`read -r word; echo "$word"; exec sleep 60`);
        channel.stdin.write('go\n');
        await once(channel.stdout, 'data');
        const chunk = Buffer.alloc(256 * 1024);
        let taken = 0;
        const refused = await Promise.race([
          (async () => {
            for (; taken < 64 * 1024 * 1024; taken += chunk.length)
              if (!channel.stdin.write(chunk)) await once(channel.stdin, 'drain');
            return false;
          })(),
          sleep(1_500, true),
        ]);
        channel.close();
        expect(refused).toBe(true);
        expect(taken).toBeLessThan(24 * 1024 * 1024);
      });

      it('stops the command when nobody reads its output', async () => {
        const marker = `/tmp/hostwright-test-${randomBytes(8).toString('hex')}`;
        const channel = await connection.exec(sh`yes | head -c 50000000; : >${marker}`);
        const there = async () => (await capture(connection, sh`rm ${marker} 2>/dev/null`)).code === 0;
        await sleep(1_000);
        expect(await there()).toBe(false);
        channel.stdout.resume();
        expect(await channel.exit).toEqual({ code: 0 });
        expect(await there()).toBe(true);
      });

      it('fails the write, and crashes nothing, when the command has stopped reading', async () => {
        const channel = await connection.exec(sh`exec true`);
        const endless = Readable.from(
          (function* () {
            for (;;) yield Buffer.alloc(65_536);
          })(),
        );
        await expect(pipeline(endless, channel.stdin)).rejects.toThrow();
        expect((await channel.exit).code).toBe(0);
      });

      it('runs more commands at once than sessions are allowed, in turn', async () => {
        const results = await Promise.all(
          Array.from({ length: 12 }, (_, index) => capture(connection, sh`sleep 0.1; echo ${index}`)),
        );
        expect(results.map(({ stdout }) => Number(stdout))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
      });

      it('ends a command by close, twice if need be, and goes on', async () => {
        const channel = await connection.exec(sh`echo started; exec sleep 60`);
        await once(channel.stdout, 'data');
        channel.close();
        channel.close();
        expect((await channel.exit).code).not.toBe(0);
        expect((await capture(connection, sh`echo on`)).stdout).toBe('on\n');
      });
    });

    describe('forward', () => {
      const refused = subject.saysWhy ? 'refused' : 'failed';

      it('says that a port is closed', async () => {
        const failure = await connection.forward('127.0.0.1', CLOSED, 5_000).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(ForwardError);
        expect(failure).toMatchObject({ reason: refused });
      });

      it('names an address that does not exist as failed', async () => {
        const failure = await connection.forward('name.invalid', 80, 10_000).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(ForwardError);
        expect(failure).toMatchObject({ reason: 'failed' });
      });

      if (subject.sameLoopback) {
        it('carries HTTP', async () => {
          const server = createHttpServer((_request, response) => response.end('x'.repeat(500_000)));
          server.listen(0, '127.0.0.1');
          await once(server, 'listening');
          const socket = await connection.forward('127.0.0.1', (server.address() as AddressInfo).port, 5_000);
          const [response] = await once(
            request({ createConnection: () => socket, headers: { connection: 'close' } }).end(),
            'response',
          );
          expect(await text(response)).toHaveLength(500_000);
          server.close();
        });
      }

      it('tells several failures at once apart', async () => {
        const reasons = await Promise.all(
          Array.from({ length: 6 }, (_, index) =>
            connection.forward(index % 2 ? '127.0.0.1' : 'name.invalid', CLOSED, 10_000).then(
              () => 'open',
              (error: ForwardError) => error.reason,
            ),
          ),
        );
        expect(reasons).toEqual(['failed', refused, 'failed', refused, 'failed', refused]);
      });
    });

    it('opens a second connection that outlives the first', async () => {
      const second = await connection.again();
      await connection.close();
      expect((await capture(second, sh`echo still here`)).stdout).toBe('still here\n');
      await second.close();
    });

    const { cut } = subject;
    if (cut) {
      it('rejects the exit of a running command when the line breaks, and fails later ones', async () => {
        const channel = await connection.exec(sh`echo started; cat >/dev/null; sleep 60`);
        await once(channel.stdout, 'data');
        const write = pipeline(Readable.from(repeated()), channel.stdin);
        const writeFailed = expect(write).rejects.toThrow();
        cut();
        await expect(channel.exit).rejects.toBeInstanceOf(ConnectError);
        await writeFailed;
        await expect(connection.exec(sh`true`)).rejects.toBeInstanceOf(ConnectError);
        await expect(connection.forward('127.0.0.1', CLOSED, 2_000)).rejects.toBeInstanceOf(ForwardError);
      });
    }
  });
}

function* repeated(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(65_536);
}
