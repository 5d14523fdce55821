import type { Duplex } from 'node:stream';
import { PassThrough, Writable } from 'node:stream';
import type { Channel, Connection, ExitStatus } from './connection.ts';
import { ForwardError } from './connection.ts';
import { lost } from './failures.ts';

/** What a scripted command answers. */
export interface Reply {
  readonly stdout?: string | Buffer;
  readonly stderr?: string;
  /** Exit code, 0 by default. */
  readonly code?: number;
  /** The connection breaks in mid-command, after the output. */
  readonly lost?: boolean;
}

/** One command that was run, and all that was written to it. */
export interface Recorded {
  readonly command: string;
  stdin: string;
}

/** A {@link Connection} that runs nothing: it answers by script and keeps what it was told. For tests. */
export interface RecordingConnection extends Connection {
  readonly recorded: readonly Recorded[];
  readonly forwards: readonly string[];
  readonly closed: boolean;
}

/** What the fake answers with, and who it pretends to be. */
export interface Script {
  readonly user?: string;
  /**
   * The reply to a command, called when its stdin ends or when `answersAtOnce`. Undefined is an error: the
   * test did not expect that command.
   */
  reply(recorded: Recorded): Reply | undefined;
  /** Reply without waiting for the end of stdin. Default true. */
  readonly answersAtOnce?: boolean;
  /** The stream for a forward, or why there is none. */
  forward?(host: string, port: number): Duplex | ForwardError;
}

/** Makes the fake. What {@link openAsRoot} prints before a program starts is printed by itself. */
export function recordingConnection(script: Script): RecordingConnection {
  const recorded: Recorded[] = [];
  const forwards: string[] = [];
  let closed = false;
  const target = 'the recording';
  return {
    target,
    user: script.user ?? 'root',
    recorded,
    forwards,
    get closed() {
      return closed;
    },
    async exec(command) {
      if (closed) throw lost(target);
      const entry: Recorded = { command: command.text, stdin: '' };
      recorded.push(entry);
      return play(entry, script, target);
    },
    async forward(host, port) {
      forwards.push(`${host}:${port}`);
      const answer = script.forward?.(host, port) ?? new ForwardError('refused', `${host}:${port} refused`);
      if (answer instanceof ForwardError) throw answer;
      return answer;
    },
    again: async () => recordingConnection(script),
    async close() {
      closed = true;
    },
  };
}

function play(entry: Recorded, script: Script, target: string): Channel {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  let finish: (status: ExitStatus) => void = () => {};
  let fail: (error: Error) => void = () => {};
  const exit = new Promise<ExitStatus>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  exit.catch(() => {});
  let answered = false;
  const answer = (): void => {
    if (answered) return;
    answered = true;
    const reply = script.reply(entry);
    const banner = BANNER.exec(entry.command);
    if (banner) stdout.write(`${banner[0]}\n`);
    stdout.end(reply?.stdout ?? '');
    stderr.end(reply?.stderr ?? '');
    if (!reply) fail(new Error(`No reply was scripted for: ${entry.command}`));
    else if (reply.lost) fail(lost(target));
    else finish({ code: reply.code ?? 0 });
  };
  const stdin = new Writable({
    write(chunk: Buffer, _encoding, done) {
      entry.stdin += chunk.toString();
      done();
    },
    final(done) {
      answer();
      done();
    },
  });
  stdin.on('error', () => {});
  if (script.answersAtOnce !== false) setImmediate(answer);
  return {
    stdin,
    stdout,
    stderr,
    exit,
    close() {
      answered = true;
      stdout.end();
      stderr.end();
      stdin.destroy();
      finish({ code: null });
    },
  };
}

/** The line by which a program says that it runs as root; see `root.ts`. */
const BANNER = /hostwright-[0-9a-f]{32}:root/;
