import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectError } from '../errors.ts';
import { type Shell, sh } from '../quote.ts';
import type { Channel, Connection, ExitStatus } from './connection.ts';
import { GuardedWritable, JoinedDuplex, shield } from './duplex.ts';
import { lost } from './failures.ts';
import { forwardFailure, forwardTimeout } from './forward.ts';
import { Gate } from './gate.ts';
import { forLoginShell } from './login-shell.ts';
import type { GivenAnswers } from './openssh-answers.ts';
import { type OpenFailure, openFailures } from './openssh-log.ts';
import { type Master, startMaster } from './openssh-master.ts';
import { placeName } from './place.ts';
import { RETRY_AFTER, SESSIONS, type SshConnection, type SshRoute } from './route.ts';
import { unattended } from './silent.ts';
import { slots } from './slots.ts';
import { toolEnv } from './spawn.ts';

/** How long the master may take to notice what one of its sessions saw first. Milliseconds. */
const SETTLE = 500;

/** Connects through the system's ssh: one master process, and one small process for each session over it. */
export function connectOpenssh(route: SshRoute): Promise<SshConnection> {
  return open(route, new Map());
}

async function open(route: SshRoute, given: GivenAnswers): Promise<SshConnection> {
  return new OpensshConnection(route, given, await startMaster(route, given));
}

class OpensshConnection implements SshConnection {
  readonly backend = 'openssh';
  readonly target: string;
  readonly user: string;
  readonly byPassword: boolean;
  readonly hostKeyType?: string;
  readonly #route: SshRoute;
  readonly #given: GivenAnswers;
  readonly #master: Master;
  readonly #slot = slots(SESSIONS);
  readonly #open = new Set<Channel>();
  /** Failed forwards that nobody has asked for yet. */
  readonly #failures: OpenFailure[] = [];

  constructor(route: SshRoute, given: GivenAnswers, master: Master) {
    this.target = placeName(route.place);
    this.user = route.place.user;
    this.byPassword = master.byPassword;
    if (master.hostKeyType !== undefined) this.hostKeyType = master.hostKeyType;
    this.#route = route;
    this.#given = given;
    this.#master = master;
    master.onLog(openFailures((failure) => this.#failures.push(failure)));
  }

  async exec(command: Shell): Promise<Channel> {
    const release = await this.#slot();
    try {
      const channel = await this.#session(command);
      this.#open.add(channel);
      const settled = (): void => {
        this.#open.delete(channel);
        release();
      };
      channel.exit.then(settled, settled);
      return channel;
    } catch (error) {
      release();
      throw error;
    }
  }

  async #session(command: Shell): Promise<Channel> {
    for (const pause of RETRY_AFTER) {
      const channel = await this.#tryExec(command);
      if (channel) return channel;
      await sleep(pause);
    }
    throw lost(this.target, 'The host opened no further session.');
  }

  /** Undefined when the host had no session to give. The first output proves that the command's shell runs. */
  async #tryExec(command: Shell): Promise<Channel | undefined> {
    const started = `hostwright-${randomBytes(16).toString('hex')}`;
    const line = forLoginShell(sh`echo ${started}; exec sh -c ${command.text}`);
    const child = this.#slave(['-T', '-o', 'EscapeChar=none', '--', 'hostwright', line]);
    const stdout = new Gate(`${started}\n`);
    child.stdout.pipe(stdout);
    const stderr = shield(child.stderr);
    let early = '';
    const listen = (chunk: Buffer): void => {
      early = (early + chunk.toString()).slice(-4096);
    };
    child.stderr.on('data', listen);
    const closed = once(child, 'close').then(([code]) => (typeof code === 'number' ? code : null));
    const code = await Promise.race([stdout.opened.then(() => undefined), closed]);
    child.stderr.removeListener('data', listen);
    if (code === undefined) return this.#channel(child, stdout, stderr, closed);
    if (/session request failed|refused by peer/.test(early) && this.#master.alive) return undefined;
    await Promise.race([this.#master.ended, sleep(SETTLE)]);
    if (!this.#master.alive) throw lost(this.target, early);
    throw new ConnectError(`${this.target} does not run commands for this account.`, {
      hint: `Its login shell said: ${`${stdout.before} ${early}`.trim() || 'nothing'}`,
    });
  }

  #channel(
    child: ChildProcessWithoutNullStreams,
    stdout: Channel['stdout'],
    stderr: Channel['stderr'],
    closed: Promise<number | null>,
  ): Channel {
    const stdin = new GuardedWritable(child.stdin);
    const exit = closed.then(async (code): Promise<ExitStatus> => {
      stdin.gone(new Error('The command has ended.'));
      if (code !== 255) return { code };
      // 255 is either the command's own or ssh's word for a lost connection: the master knows.
      await Promise.race([this.#master.ended, sleep(SETTLE)]);
      if (this.#master.alive) return { code };
      throw lost(this.target);
    });
    exit.catch(() => {});
    return {
      stdin,
      stdout,
      stderr,
      exit,
      close: () => this.#end(child),
    };
  }

  #end(child: ChildProcessWithoutNullStreams): void {
    if (child.stdin.destroyed) return;
    for (const stream of [child.stdout, child.stderr]) stream.unpipe().destroy();
    child.stdin.destroy();
    child.kill('SIGTERM');
    // The master sees that its session has lost its client only when something else wakes it.
    child.once('exit', () => this.#slave(['-O', 'check', 'hostwright']));
  }

  /** An ssh that only ever goes through the master: ProxyCommand keeps it from connecting by itself. */
  #slave(args: readonly string[]): ChildProcessWithoutNullStreams {
    const common = ['-F', '/dev/null', '-S', this.#master.controlPath, '-o', 'ProxyCommand=false'];
    const child = spawn('ssh', [...common, ...args], { env: toolEnv(this.#route.env), detached: true });
    child.on('error', () => {});
    child.stdin.on('error', () => {});
    return child;
  }

  forward(host: string, port: number, timeoutMs: number): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      const child = this.#slave(['-v', '-W', `${isIPv6(host) ? `[${host}]` : host}:${port}`, 'hostwright']);
      const timer = setTimeout(() => {
        child.kill('SIGTERM');
        reject(forwardTimeout(host, port, timeoutMs));
      }, timeoutMs);
      let said = '';
      child.stderr.on('data', (chunk: Buffer) => {
        said = (said + chunk.toString()).slice(-4096);
        if (!/master session id: \d+/.test(said)) return;
        clearTimeout(timer);
        resolve(joined(child, () => this.#end(child)));
      });
      child.once('close', async () => {
        clearTimeout(timer);
        reject(forwardFailure(host, port, await this.#whyNot(host, port)));
      });
    });
  }

  /** What the master logged about a failed forward; its log may arrive just after the failure. */
  async #whyNot(host: string, port: number): Promise<string> {
    for (let waited = 0; waited <= SETTLE; waited += 20) {
      const at = this.#failures.findIndex((failure) => failure.host === host && failure.port === port);
      if (at >= 0) return this.#failures.splice(at, 1)[0]?.text ?? '';
      if (!this.#master.alive) break;
      await sleep(20);
    }
    return this.#failures.shift()?.text ?? '';
  }

  again(): Promise<Connection> {
    return open(unattended(this.#route), this.#given);
  }

  async close(): Promise<void> {
    for (const channel of this.#open) channel.close();
    await this.#master.close();
  }
}

function joined(child: ChildProcessWithoutNullStreams, close: () => void): Duplex {
  const duplex = new JoinedDuplex({ readable: child.stdout, writable: child.stdin, close });
  child.once('close', () => duplex.gone(new Error('The other side closed the connection.')));
  return duplex;
}
