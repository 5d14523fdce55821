import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { Channel } from '../../src/connect/connection.ts';

/** A command that prints `output` and ends. */
export async function fakeChannel(output: string, code = 0): Promise<Channel> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.resume();
  stderr.end();
  stdout.end(output);
  return { stdin, stdout, stderr, exit: once(stdout, 'end').then(() => ({ code })), close: () => undefined };
}
