import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { program } from '../../src/connect/program.ts';
import { RootShell } from '../../src/connect/root-shell.ts';
import { HostError } from '../../src/errors.ts';
import { Shell, sh } from '../../src/quote.ts';
import { shellChannel } from './shell-channel.ts';

let shell: RootShell;
afterEach(() => shell?.close());
const open = (): RootShell => {
  shell = new RootShell(shellChannel(program.text), 'a test');
  return shell;
};

describe('the session program and its root shell', () => {
  it('answers several requests on one channel, each with its status and errors', async () => {
    const session = open();
    expect(await session.read(sh`echo one`)).toEqual({ output: Buffer.from('one\n'), status: 0, errors: '' });
    const second = await session.read(sh`printf two; echo oops >&2; exit 3`);
    expect(second.output.toString()).toBe('two');
    expect(second.status).toBe(3);
    expect(session.exchanges).toBe(2);
  });

  it('returns any bytes unchanged, the empty output too', async () => {
    const session = open();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 4096 }), async (bytes) => {
        const text = Buffer.from(bytes).toString('base64');
        const { output } = await session.read(sh`printf %s ${text} | base64 -d`);
        expect(output.equals(Buffer.from(bytes))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('carries scripts far larger than one argument may be', async () => {
    const session = open();
    const lines = Array.from({ length: 20_000 }, (_, index) => sh`: ${`resource number ${index}`}`);
    const script = new Shell(`${lines.map(({ text }) => text).join('\n')}\necho done`);
    expect(script.text.length).toBeGreaterThan(500_000);
    expect((await session.read(script)).output.toString()).toBe('done\n');
  });

  it('does not let a script eat the requests that follow it', async () => {
    const session = open();
    expect((await session.read(sh`cat; echo end`)).output.toString()).toBe('end\n');
    expect((await session.read(sh`echo next`)).output.toString()).toBe('next\n');
  });

  it('calls a session that ends in mid-answer a failure', async () => {
    const session = new RootShell(shellChannel('read x; echo half'), 'a test');
    await expect(session.read(sh`echo one`)).rejects.toThrow(HostError);
  });

  it('does not leave a trace of its variables in the environment of what it runs', async () => {
    const { output } = await open().read(sh`env`);
    expect(output.toString()).not.toMatch(/^hw_/im);
  });

  it('reads an answer of many megabytes about as fast as it comes', async () => {
    const { output } = await open().read(sh`head -c 40000000 /dev/zero; echo`);
    expect(output.length).toBe(40_000_001);
  }, 5_000);
});

describe('an upload', () => {
  const content = Buffer.from('what was planned'.repeat(10_000));
  const planned = {
    name: 'blob',
    sha256: createHash('sha256').update(content).digest('hex'),
    size: content.length,
  };

  /** What the host has received when the upload ends in an error. */
  async function received(open: () => Readable): Promise<string> {
    const channel = shellChannel('cat');
    let all = '';
    channel.stdout.on('data', (chunk: Buffer) => {
      all += chunk.toString('latin1');
    });
    const session = new RootShell(channel, 'a test');
    const run = session.run({ id: 'r1', script: sh`:`, blobs: [{ ...planned, open }] }, () => undefined);
    await expect(run).rejects.toThrow(/changed while it was being uploaded/);
    await channel.exit;
    return all;
  }

  it.each([
    ['another content of the same size', Buffer.from(content).fill('x')],
    ['more than was planned', Buffer.concat([content, Buffer.from('!')])],
    ['less than was planned', content.subarray(1)],
  ])('stays incomplete when the file has %s by now', async (_, now) => {
    const sent = await received(() => Readable.from([now.subarray(0, 70_000), now.subarray(70_000)]));
    expect(sent.length).toBeLessThan(content.length);
  });

  it('stays incomplete when the file is gone', async () => {
    await received(
      () =>
        new Readable({
          read() {
            this.destroy(new Error('ENOENT: no such file'));
          },
        }),
    );
  });
});
