import { describe, expect, it } from 'vitest';
import { reattach, resumable } from '../../src/apply/reattach.ts';
import type { Connection } from '../../src/connect/connection.ts';
import type { RootShell } from '../../src/connect/root-shell.ts';
import { ConnectError, HostError } from '../../src/errors.ts';

const LOSS = new ConnectError('The connection was lost.');
const shellThat = (attach: (line: (text: string) => void) => Promise<void>) =>
  ({ attach: (_: string, line: (text: string) => void) => attach(line) }) as unknown as RootShell;

function setting(attempts: readonly (() => Promise<Connection>)[]) {
  const seen: string[] = [];
  const closed: string[] = [];
  const left = [...attempts];
  const connection = { again: () => left.shift()?.() ?? Promise.reject(LOSS) } as unknown as Connection;
  const fresh = (name: string) => () =>
    Promise.resolve({ target: name, close: async () => void closed.push(name) } as unknown as Connection);
  const lines = resumable((text) => seen.push(text));
  const options = {
    run: 'r1',
    connection,
    lines,
    listener: () => undefined,
    signal: new AbortController().signal,
  };
  return { seen, closed, fresh, lines, options, left };
}

describe('a run whose connection was lost', () => {
  it('is followed to its end over the next connection, each line told once', async () => {
    const { seen, fresh, lines, options, left } = setting([]);
    left.push(fresh('second'));
    lines.line('one');
    lines.line('two');
    const openShell = async () =>
      shellThat(async (line) => {
        for (const text of ['one', 'two', 'three', 'end\t0']) line(text);
      });
    const { connection } = await reattach(LOSS, { ...options, openShell });
    expect(connection.target).toBe('second');
    expect(seen).toEqual(['one', 'two', 'three', 'end\t0']);
  });

  it('is followed again when that one is lost as well', async () => {
    const { seen, closed, fresh, options, left } = setting([]);
    left.push(() => Promise.reject(LOSS), fresh('second'), fresh('third'));
    let attached = 0;
    const openShell = async () =>
      shellThat(async (line) => {
        attached += 1;
        line('one');
        if (attached === 1) throw LOSS;
        line('end\t0');
      });
    await reattach(LOSS, { ...options, openShell });
    expect(seen).toEqual(['one', 'end\t0']);
    expect(closed).toEqual(['second']);
  });

  it('is left alone on Ctrl-C, and when the host says what cannot be mended by trying again', async () => {
    const { fresh, options, left } = setting([]);
    const aborted = {
      ...options,
      signal: AbortSignal.abort(),
      openShell: async () => shellThat(async () => {}),
    };
    await expect(reattach(LOSS, aborted)).rejects.toBe(LOSS);
    left.push(fresh('second'));
    const refused = { ...options, openShell: () => Promise.reject(new HostError('no sudo')) };
    await expect(reattach(LOSS, refused)).rejects.toThrow('no sudo');
  });
});
