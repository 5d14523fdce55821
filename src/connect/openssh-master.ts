import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sh } from '../quote.ts';
import { type Askpass, startAskpass } from './askpass.ts';
import { noAnswer, slowLookup } from './failures.ts';
import { interrupted } from './interrupt.ts';
import { forLoginShell } from './login-shell.ts';
import { type Answering, answering, type GivenAnswers } from './openssh-answers.ts';
import { explainOpenssh } from './openssh-failures.ts';
import { hostKeyType } from './openssh-log.ts';
import { patience } from './patience.ts';
import type { SshRoute } from './route.ts';
import { toolEnv } from './spawn.ts';

/** An ssh process that holds the connection; the others share it through its control socket. */
export interface Master {
  readonly controlPath: string;
  readonly byPassword: boolean;
  /** Absent when ssh has not logged it. */
  readonly hostKeyType: string | undefined;
  /** Resolves when the master has ended, for whatever reason. */
  readonly ended: Promise<void>;
  readonly alive: boolean;
  /** Calls back with every line that the master logs from now on. */
  onLog(listener: (line: string) => void): () => void;
  close(): Promise<void>;
}

/**
 * Starts `ssh -M` and waits until it is logged in. Its own session is a `cat` that ends with our pipe, so
 * that nothing is left behind should this process be killed.
 * @throws {ConnectError} with the one reason why not
 */
export async function startMaster(route: SshRoute, given: GivenAnswers): Promise<Master> {
  const folder = await mkdtemp(join(tmpdir(), 'hostwright-ssh-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  let askpass: Askpass | undefined;
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  let log: MasterLog | undefined;
  const clock = patience(route.limits.login, route.ask, () => fail(tooSlow(route, log?.text ?? '')));
  const onAbort = (): void => fail(interrupted());
  route.signal?.addEventListener('abort', onAbort, { once: true });
  let child: ChildProcess | undefined;
  try {
    const answers = answering(route, clock.ask, given);
    askpass = await startAskpass(folder, answers.answerer);
    const controlPath = join(folder, 'c');
    const ready = `hostwright-${randomBytes(16).toString('hex')}`;
    const args = [...masterArguments(route, controlPath), '--', route.target.host, loginCommand(ready)];
    child = spawn('ssh', args, {
      env: { ...toolEnv(route.env), ...askpass.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      // No terminal: ssh must ask through us and nothing else.
      detached: true,
    });
    log = new MasterLog(child);
    await Promise.race([readiness(child, ready, log, answers, route), failed]);
    return masterOf(child, controlPath, answers.passwords > 0, log, remove);
  } catch (error) {
    child?.kill('SIGKILL');
    await remove();
    throw error;
  } finally {
    clock.stop();
    askpass?.close();
    route.signal?.removeEventListener('abort', onAbort);
  }
}

function masterArguments(
  { target, settings, place, limits, configFile, ask }: SshRoute,
  controlPath: string,
): string[] {
  const options: Record<string, string> = {
    ControlMaster: 'yes',
    ControlPersist: 'no',
    ClearAllForwardings: 'yes',
    ForwardAgent: 'no',
    ForwardX11: 'no',
    PermitLocalCommand: 'no',
    RequestTTY: 'no',
    RemoteCommand: 'none',
    EscapeChar: 'none',
    ConnectTimeout: String(Math.ceil(limits.connect / 1000)),
    ServerAliveInterval: String(Math.max(1, Math.round(limits.keepAlive / 1000))),
    ServerAliveCountMax: '2',
    NumberOfPasswordPrompts: ask.interactive ? '3' : '1',
    UserKnownHostsFile: list(settings.knownHostsFiles),
    GlobalKnownHostsFile: list(settings.globalKnownHostsFiles),
    // All questions about unknown keys come to us; `no` would let even a changed one pass.
    StrictHostKeyChecking: 'ask',
  };
  if (target.identityFile !== undefined) options.IdentitiesOnly = 'yes';
  const nameKeys = target.identityFile !== undefined || configFile !== undefined;
  return [
    '-v',
    '-T',
    ...(configFile === undefined ? [] : ['-F', configFile]),
    ...['-S', controlPath, '-l', place.user, '-p', String(place.port)],
    ...(target.jump === undefined ? [] : ['-J', target.jump]),
    ...(nameKeys ? settings.identityFiles.flatMap((file) => ['-i', file]) : []),
    ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
  ];
}

/** Whether the time went by before the first packet, in looking the name up, or afterwards. */
function tooSlow({ place }: SshRoute, log: string): Error {
  return /^debug1: (Connecting to|Executing proxy command)/m.test(log) ? noAnswer(place) : slowLookup(place);
}

function list(files: readonly string[]): string {
  return files.length === 0
    ? 'none'
    : files.map((file) => (file.includes(' ') ? `"${file}"` : file)).join(' ');
}

function loginCommand(ready: string): string {
  return forLoginShell(sh`echo ${ready}; exec cat >/dev/null`);
}

/** The master's stderr: kept while logging in, to be explained; listened to afterwards. */
class MasterLog {
  text = '';
  readonly #listeners = new Set<(line: string) => void>();

  constructor(child: ChildProcess) {
    let partial = '';
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      const clean = chunk.replaceAll('\r', '');
      this.text = (this.text + clean).slice(-65_536);
      const lines = (partial + clean).split('\n');
      partial = lines.pop() ?? '';
      for (const line of lines) for (const listener of this.#listeners) listener(line);
    });
  }

  listen(listener: (line: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

function readiness(
  child: ChildProcess,
  ready: string,
  log: MasterLog,
  answers: Answering,
  route: SshRoute,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let printed = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      printed = (printed + chunk).slice(-4096);
      if (printed.includes(ready)) resolve();
    });
    child.once('error', reject);
    child.once('close', () => reject(answers.failure ?? explainOpenssh(log.text, answers.passwords, route)));
  });
}

function masterOf(
  child: ChildProcess,
  controlPath: string,
  byPassword: boolean,
  log: MasterLog,
  remove: () => Promise<void>,
): Master {
  const ended = once(child, 'close').then(() => undefined);
  child.stdin?.on('error', () => {});
  const cleaned = ended.then(remove);
  return {
    controlPath,
    byPassword,
    hostKeyType: hostKeyType(log.text),
    ended,
    get alive() {
      return child.exitCode === null && child.signalCode === null;
    },
    onLog: (listener) => log.listen(listener),
    async close() {
      child.stdin?.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), 1_000);
      child.kill('SIGTERM');
      await cleaned;
      clearTimeout(timer);
    },
  };
}
