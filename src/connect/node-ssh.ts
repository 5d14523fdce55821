import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type ssh2 from 'ssh2';
import type { Shell } from '../quote.ts';
import type { Remembered } from './auth.ts';
import type { Channel, Connection } from './connection.ts';
import { ForwardError } from './connection.ts';
import { JoinedDuplex } from './duplex.ts';
import { lost } from './failures.ts';
import { forwardFailure, forwardTimeout } from './forward.ts';
import { knowing } from './host-key.ts';
import { forLoginShell } from './login-shell.ts';
import { type Login, login } from './node-ssh-login.ts';
import { placeName } from './place.ts';
import { RETRY_AFTER, SESSIONS, type SshConnection, type SshRoute } from './route.ts';
import { unattended } from './silent.ts';
import { slots } from './slots.ts';
import { type OpenChannel, wrapChannel } from './ssh2-channel.ts';

/** Connects through node-ssh (ssh2). */
export function connectNodeSsh(route: SshRoute): Promise<SshConnection> {
  return open(route, { password: undefined, unlocked: new Map() });
}

async function open(route: SshRoute, remembered: Remembered): Promise<SshConnection> {
  return new NodeSshConnection(route, remembered, await login(route, remembered));
}

class NodeSshConnection implements SshConnection {
  readonly backend = 'node-ssh';
  readonly target: string;
  readonly user: string;
  readonly byPassword: boolean;
  readonly hostKeyType: string;
  readonly #route: SshRoute;
  readonly #remembered: Remembered;
  readonly #client: ssh2.Client;
  readonly #slot = slots(SESSIONS);
  readonly #open = new Set<OpenChannel>();
  readonly #gone: Promise<void>;
  #lostBy: Error | undefined;

  constructor(route: SshRoute, remembered: Remembered, { client, method, hostKey }: Login) {
    this.target = placeName(route.place);
    this.user = route.place.user;
    this.byPassword = method === 'password';
    this.hostKeyType = hostKey.type;
    this.#route = knowing(route, hostKey);
    this.#remembered = remembered;
    this.#client = client;
    // Without a listener a reset would be an uncaught exception.
    client.on('error', (error) => {
      this.#lostBy = error;
    });
    this.#gone = new Promise((resolve) => client.once('close', resolve));
    client.once('close', () => {
      for (const channel of this.#open) channel.lose(this.#lostBy);
    });
  }

  async exec(command: Shell): Promise<Channel> {
    const line = forLoginShell(command);
    const release = await this.#slot();
    try {
      const channel = await this.#session(line);
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

  async #session(line: string): Promise<OpenChannel> {
    for (const pause of RETRY_AFTER) {
      try {
        return await this.#execOnce(line);
      } catch (error) {
        if (!(error instanceof Error) || !error.message.includes('Channel open failure')) throw error;
        await sleep(pause);
      }
    }
    return this.#execOnce(line).catch((error: unknown) => {
      throw lost(this.target, error);
    });
  }

  #execOnce(line: string): Promise<OpenChannel> {
    return new Promise((resolve, reject) => {
      try {
        this.#client.exec(line, (error, raw) => {
          if (!error) resolve(wrapChannel(raw, this.target));
          else reject(error.message.includes('Channel open failure') ? error : lost(this.target, error));
        });
      } catch (error) {
        reject(lost(this.target, this.#lostBy ?? error));
      }
    });
  }

  forward(host: string, port: number, timeoutMs: number): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        reject(forwardTimeout(host, port, timeoutMs));
      }, timeoutMs);
      const gone = (): void => reject(new ForwardError('failed', lost(this.target).message));
      this.#client.once('close', gone);
      try {
        this.#client.forwardOut('127.0.0.1', 0, host, port, (error, raw) => {
          clearTimeout(timer);
          this.#client.removeListener('close', gone);
          if (late) raw?.close();
          else if (error) reject(forwardFailure(host, port, error.message, reasonOf(error)));
          else resolve(joined(raw));
        });
      } catch {
        clearTimeout(timer);
        gone();
      }
    });
  }

  again(): Promise<Connection> {
    return open(unattended(this.#route), this.#remembered);
  }

  async close(): Promise<void> {
    for (const channel of this.#open) channel.close();
    this.#client.end();
    const timer = setTimeout(() => this.#client.destroy(), 1_000);
    await this.#gone;
    clearTimeout(timer);
  }
}

/** The reason code of SSH_MSG_CHANNEL_OPEN_FAILURE (RFC 4254 §5.1), which ssh2 adds to the error. */
function reasonOf(error: Error): number | undefined {
  return 'reason' in error && typeof error.reason === 'number' ? error.reason : undefined;
}

function joined(raw: ssh2.ClientChannel): Duplex {
  const duplex = new JoinedDuplex({ readable: raw, writable: raw, close: () => raw.close() });
  raw.once('close', () => duplex.gone(new Error('The other side closed the connection.')));
  return duplex;
}
