import type { Socket } from 'node:net';
import { type Config, NodeSSH } from 'node-ssh';
import type ssh2 from 'ssh2';
import { Authenticator, type Remembered } from './auth.ts';
import { allowedAlgorithms } from './backend.ts';
import { dial, explainDial } from './dial.ts';
import { lost, noAnswer, noCommonAlgorithm, notSsh, passwordExpired } from './failures.ts';
import { hostKeyAlgorithms, lostKey, verifyHostKey } from './host-key.ts';
import { interrupted } from './interrupt.ts';
import { KeyRing, loadKeys } from './key-ring.ts';
import type { HostKey } from './known-hosts.ts';
import { patience } from './patience.ts';
import { placeName } from './place.ts';
import type { SshRoute } from './route.ts';

/** An ssh2 client that is logged in, and how it got there. */
export interface Login {
  readonly client: ssh2.Client;
  readonly method: Authenticator['lastMethod'];
  /** The key that the host showed and that was trusted. */
  readonly hostKey: HostKey;
}

/** How far a login has come; says whom to blame when the host hangs up. */
type Stage = 'greeting' | 'host key' | 'authentication';

/**
 * Dials, checks the host's key and logs in.
 * @throws {ConnectError} with the one reason why not
 */
export async function login(route: SshRoute, remembered: Remembered): Promise<Login> {
  const started = Date.now();
  const dialling = dial(route);
  // It may fail while the keys are still being read, and a rejection that nobody waits for yet ends the process.
  dialling.catch(() => {});
  const material = await loadKeys(route).catch((error: unknown) => {
    dialling.then((socket) => socket.destroy()).catch(() => {});
    throw error;
  });
  const socket = await dialling;
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const clock = patience(route.limits.login - (Date.now() - started), route.ask, () =>
    fail(noAnswer(route.place)),
  );
  const onAbort = (): void => fail(interrupted());
  route.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const keys = new KeyRing(material, remembered.unlocked, clock.ask);
    const authenticator = new Authenticator(route, keys, remembered, clock.ask);
    const ready = negotiate({ ...route, ask: clock.ask }, socket, authenticator);
    ready.catch(() => {});
    return await Promise.race([ready, failed]);
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clock.stop();
    route.signal?.removeEventListener('abort', onAbort);
  }
}

function negotiate(route: SshRoute, socket: Socket, authenticator: Authenticator): Promise<Login> {
  return new Promise((resolve, reject) => {
    let stage: Stage = 'greeting';
    let hostKey: HostKey | undefined;
    const ssh = new NodeSSH();
    const config: Config = {
      ...baseConfig(route, socket),
      hostVerifier: (blob: Buffer, accept: (trusted: boolean) => void) => {
        stage = 'host key';
        verifyHostKey(route, blob).then(
          (shown) => {
            hostKey = shown;
            stage = 'authentication';
            accept(true);
          },
          (error: unknown) => {
            reject(error);
            accept(false);
          },
        );
      },
      authHandler: (methodsLeft, _partialSuccess, next) =>
        authenticator.next(methodsLeft, next, () => reject(authenticator.explain(undefined))),
    };
    // node-ssh gives up at the first error event, also at one that ssh2 survives: the events below decide.
    ssh.connect(config).catch(() => {});
    const client = ssh.connection;
    if (!client) {
      reject(lost(placeName(route.place)));
      return;
    }
    const explain = (cause?: Error): Error =>
      stage === 'authentication' ? authenticator.explain(cause) : explainHandshake(route, cause);
    client.on('error', (error: Error & { level?: string }) => {
      if (error.level !== 'agent') reject(explain(error));
    });
    client.on('change password', () => reject(passwordExpired(route.place)));
    client.once('close', () => reject(explain()));
    client.once('ready', () => {
      // Without a key that was verified there is no connection, whatever the library says.
      if (!hostKey) return reject(notSsh(route.place));
      authenticator.succeeded();
      resolve({ client, method: authenticator.lastMethod, hostKey });
    });
  });
}

/** A dead peer is noticed after the third unanswered sign of life. */
function baseConfig({ place, settings, limits, knownKeys }: SshRoute, socket: Socket): Config {
  return {
    sock: socket,
    username: place.user,
    agentForward: false,
    readyTimeout: 0,
    keepaliveInterval: limits.keepAlive,
    keepaliveCountMax: 2,
    algorithms: {
      kex: allowedAlgorithms(settings, 'kex'),
      cipher: allowedAlgorithms(settings, 'cipher'),
      hmac: allowedAlgorithms(settings, 'hmac'),
      serverHostKey: hostKeyAlgorithms({ settings, knownKeys }),
    },
  };
}

function explainHandshake(route: SshRoute, cause: (Error & { code?: string }) | undefined): Error {
  if (cause?.code === 'EHOSTUNREACH' || cause?.code === 'ENETUNREACH') return explainDial(cause, route);
  const detail = /no matching (.+)/i.exec(cause?.message ?? '');
  if (!detail) return notSsh(route.place, cause);
  const [onRecord] = route.knownKeys.filter(({ marker }) => marker === undefined);
  if (/host key/.test(detail[0]) && onRecord) return lostKey(route, onRecord);
  return noCommonAlgorithm(route.place, detail[0]);
}
