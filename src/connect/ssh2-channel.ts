import type ssh2 from 'ssh2';
import type { Channel, ExitStatus } from './connection.ts';
import { GuardedWritable, shield } from './duplex.ts';
import { lost, noStatus } from './failures.ts';

/** A {@link Channel} that can be told that its connection is gone. */
export interface OpenChannel extends Channel {
  lose(cause: unknown): void;
}

/**
 * Wraps ssh2's channel. Must be called in the very callback that delivers it: a short command's status may
 * come in the same packet.
 */
export function wrapChannel(raw: ssh2.ClientChannel, target: string): OpenChannel {
  const stdin = new GuardedWritable(raw);
  const stdout = shield(raw);
  const stderr = shield(raw.stderr);
  const stderrDone = new Promise<void>((resolve) => raw.stderr.once('end', resolve));
  let status: ExitStatus | undefined;
  let closed = false;

  raw.on('exit', (code: number | null, signal?: string) => {
    status = { code, ...(signal && { signal: signal.replace(/^SIG/, '') }) };
  });

  let lose: (cause: unknown) => void = () => {};
  let abandon: () => void = () => {};
  const exit = new Promise<ExitStatus>((resolve, reject) => {
    lose = (cause) => reject(lost(target, cause));
    abandon = () => resolve(status ?? { code: null });
    raw.once('close', () => {
      stdin.gone(new Error('The command has ended.'));
      if (status === undefined && !closed) reject(noStatus(target));
      else stderrDone.then(() => resolve(status ?? { code: null }));
    });
  });
  exit.catch(() => {});

  return {
    stdin,
    stdout,
    stderr,
    exit,
    close() {
      if (closed) return;
      closed = true;
      // sshd confirms a close only when the command has ended: a hint to it, and no waiting.
      raw.signal('HUP');
      raw.close();
      stdin.gone(new Error('The channel was closed.'));
      abandon();
      for (const stream of [raw, raw.stderr]) stream.unpipe().resume();
    },
    lose(cause) {
      if (status !== undefined) return;
      lose(cause);
      stdin.gone(lost(target, cause));
    },
  };
}
