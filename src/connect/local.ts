import { connect, type Socket } from 'node:net';
import { userInfo } from 'node:os';
import type { Duplex } from 'node:stream';
import { execa } from 'execa';
import type { Shell } from '../quote.ts';
import type { Channel, Connection, ExitStatus, ForwardFailure } from './connection.ts';
import { ForwardError } from './connection.ts';
import { GuardedWritable, shield } from './duplex.ts';
import { lost } from './failures.ts';
import { forwardTimeout } from './forward.ts';
import { withoutOurs } from './spawn.ts';

/** This machine itself, by execa. */
export function connectLocal(env: NodeJS.ProcessEnv): Connection {
  const target = 'this machine';
  const running = new Set<Channel>();
  return {
    target,
    user: userInfo().username,
    async exec(command) {
      const channel = start(command, env, target);
      running.add(channel);
      const done = (): boolean => running.delete(channel);
      channel.exit.then(done, done);
      return channel;
    },
    forward,
    again: async () => connectLocal(env),
    async close() {
      for (const channel of running) channel.close();
    },
  };
}

function start(command: Shell, env: NodeJS.ProcessEnv, target: string): Channel {
  const child = spawn(command, env);
  const stdin = new GuardedWritable(child.stdin);
  const stdout = shield(child.stdout);
  const stderr = shield(child.stderr);
  return { stdin, stdout, stderr, exit: exitOf(child, stdin, target), close: () => stop(child) };
}

// The return type is execa's, computed from the options.
function spawn(command: Shell, env: NodeJS.ProcessEnv) {
  return execa('sh', ['-c', command.text], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: false,
    reject: false,
    env: withoutOurs(env),
    extendEnv: false,
    // A session of its own: sudo must not reach past us to the terminal, nor Ctrl-C past us to the command.
    detached: true,
    cleanup: false,
  });
}

type Child = ReturnType<typeof spawn>;

function exitOf(child: Child, stdin: GuardedWritable, target: string): Promise<ExitStatus> {
  const exit = child.then((result): ExitStatus => {
    stdin.gone(new Error('The command has ended.'));
    if (result.exitCode !== undefined) return { code: result.exitCode };
    if (result.signal !== undefined) return { code: null, signal: result.signal.replace(/^SIG/, '') };
    throw lost(target, result.cause);
  });
  exit.catch(() => {});
  return exit;
}

/** Ends the command and what it started: it leads a process group of its own. */
function stop(child: Child): void {
  for (const stream of [child.stdout, child.stderr]) stream.unpipe().resume();
  child.stdin.destroy();
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGHUP');
  } catch {
    // It has just ended by itself.
  }
}

function forward(host: string, port: number, timeoutMs: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ host, port, noDelay: true, allowHalfOpen: true });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(forwardTimeout(host, port, timeoutMs));
    }, timeoutMs);
    const onError = (error: NodeJS.ErrnoException): void => {
      clearTimeout(timer);
      const reason = REASONS[error.code ?? ''] ?? 'failed';
      reject(new ForwardError(reason, `${host} port ${port}: ${error.message}`));
    };
    socket.once('error', onError);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeListener('error', onError);
      resolve(socket);
    });
  });
}

const REASONS: Readonly<Record<string, ForwardFailure>> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EACCES: 'prohibited',
  EPERM: 'prohibited',
};
