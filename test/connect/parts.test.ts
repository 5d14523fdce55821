import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { forwardFailure, reasonFromText } from '../../src/connect/forward.ts';
import { Gate } from '../../src/connect/gate.ts';
import { explainOpenssh } from '../../src/connect/openssh-failures.ts';
import { type OpenFailure, openFailures } from '../../src/connect/openssh-log.ts';
import { patience } from '../../src/connect/patience.ts';
import { placeName, sshCommand } from '../../src/connect/place.ts';
import * as questions from '../../src/connect/questions.ts';
import { LIMITS, type SshRoute } from '../../src/connect/route.ts';
import { slots } from '../../src/connect/slots.ts';
import { withoutOurs } from '../../src/connect/spawn.ts';
import { toSettings } from '../../src/connect/ssh-config.ts';
import { scriptedAsk } from './keys.ts';

describe('Gate', () => {
  it('passes exactly what follows the marker, however it is torn', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 60 }),
        fc.uint8Array({ maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        async (before, after, sizes) => {
          const marker = '\u0001MARK\n';
          const all = Buffer.concat([Buffer.from(before), Buffer.from(marker), Buffer.from(after)]);
          fc.pre(all.indexOf(marker) === before.length);
          const gate = new Gate(marker);
          const chunks: Buffer[] = [];
          gate.on('data', (chunk: Buffer) => chunks.push(chunk));
          for (let at = 0, turn = 0; at < all.length; turn += 1) {
            const size = sizes[turn % sizes.length] ?? 1;
            gate.write(all.subarray(at, at + size));
            at += size;
          }
          gate.end();
          await once(gate, 'end');
          expect(Buffer.concat(chunks)).toEqual(Buffer.from(after));
          expect(gate.before).toBe(Buffer.from(before).toString());
        },
      ),
    );
  });

  it('keeps only the end of a long noise and tells of it', async () => {
    const gate = new Gate('never');
    let heard = '';
    gate.onBefore((noise) => {
      heard = noise;
    });
    gate.end('x'.repeat(100_000));
    expect(await text(gate)).toBe('');
    expect(heard).toHaveLength(16_384);
  });
});

describe('slots', () => {
  it('never gives out more than there are, serves in order, and takes back once', async () => {
    const take = slots(2);
    const first = await take();
    const second = await take();
    const order: number[] = [];
    const third = take().then(() => order.push(3));
    const fourth = take().then(() => order.push(4));
    await Promise.resolve();
    expect(order).toEqual([]);
    first();
    first();
    await third;
    expect(order).toEqual([3]);
    second();
    await fourth;
    expect(order).toEqual([3, 4]);
  });
});

describe('patience', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('does not run while a person is being asked, and begins anew then', async () => {
    vi.useFakeTimers();
    const end = vi.fn();
    let answer: (text: string) => void = () => {};
    const person = { ...scriptedAsk({}), secret: () => new Promise<string>((resolve) => (answer = resolve)) };
    const clock = patience(1_000, person, end);
    vi.advanceTimersByTime(600);
    const asked = clock.ask.secret('?');
    vi.advanceTimersByTime(60_000);
    answer('!');
    expect(await asked).toBe('!');
    vi.advanceTimersByTime(999);
    expect(end).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(end).toHaveBeenCalledOnce();
  });

  it('is over when stopped, even with a question open', async () => {
    vi.useFakeTimers();
    const end = vi.fn();
    const clock = patience(1_000, { ...scriptedAsk({}), confirm: async () => true }, end);
    const asked = clock.ask.confirm('?');
    clock.stop();
    await asked;
    vi.advanceTimersByTime(5_000);
    expect(end).not.toHaveBeenCalled();
  });
});

describe('places', () => {
  it('are written as people write them', () => {
    expect(placeName({ user: 'pi', host: 'fd00::2', port: 22 })).toBe('pi@[fd00::2]:22');
    expect(sshCommand({ user: 'pi', host: 'attic', port: 22 })).toBe('ssh pi@attic');
    expect(sshCommand({ user: 'pi', host: 'attic', port: 2222 })).toBe('ssh -p 2222 pi@attic');
  });
});

describe('questions', () => {
  it('can be told apart by whoever answers without a person', () => {
    const place = { user: 'pi', host: 'attic', port: 22 };
    expect([
      questions.secretKind(questions.sshPasswordQuestion(place)),
      questions.secretKind(questions.passphraseQuestion('/k')),
      questions.secretKind(questions.sudoPasswordQuestion('pi', 'attic')),
      questions.secretKind(questions.rootPasswordQuestion('attic')),
      questions.secretKind('Verification code:'),
    ]).toEqual(['ssh-password', 'passphrase', 'sudo-password', 'root-password', 'other']);
  });
});

describe('the environment of local programs', () => {
  it('holds none of our own variables, which may be passwords', () => {
    expect(withoutOurs({ PATH: '/bin', HOSTWRIGHT_SUDO_PASSWORD: 'x' })).toEqual({ PATH: '/bin' });
  });
});

describe('forward failures', () => {
  it.each([
    ['Connection refused', undefined, 'refused'],
    ['connect failed: Connection timed out', undefined, 'timeout'],
    ['No route to host', 2, 'unreachable'],
    ['Network is unreachable', 2, 'unreachable'],
    ['', 1, 'prohibited'],
    ['administratively prohibited: open failed', undefined, 'prohibited'],
    ['Name or service not known', 2, 'failed'],
  ])('%s (%s) is %s', (said, code, reason) => {
    expect(forwardFailure('box', 80, said, code).reason).toBe(reason);
  });

  it('have a reason for anything', () => {
    fc.assert(
      fc.property(fc.string(), (said) => {
        expect(reasonFromText(said)).toBeTypeOf('string');
      }),
    );
  });

  it('are matched to their address in the log of the system ssh', () => {
    const found: OpenFailure[] = [];
    const line = openFailures((failure) => found.push(failure));
    const freed = 'connect from 127.0.0.1 port 65535 to UNKNOWN port 65536, nchannels 4';
    for (const text of [
      'debug1: channel_connect_stdio_fwd: ::1:2',
      'debug1: channel 3: new stdio-forward [stdio-forward] (inactive timeout: 0)',
      'channel 4: open failed: connect failed: Name or service not known',
      'channel 3: open failed: connect failed: Connection refused',
      `debug1: channel 3: free: direct-tcpip: listening port 0 for ::1 port 2, ${freed}`,
      `debug1: channel 4: free: direct-tcpip: listening port 0 for x.invalid port 80, ${freed}`,
      `debug1: channel 5: free: direct-tcpip: listening port 0 for good port 80, ${freed}`,
    ])
      line(text);
    expect(found).toEqual([
      { host: '::1', port: 2, text: 'connect failed: Connection refused' },
      { host: 'x.invalid', port: 80, text: 'connect failed: Name or service not known' },
    ]);
  });
});

describe('what the system ssh says', () => {
  const target = { kind: 'ssh', host: 'attic', backend: 'openssh', sudo: 'auto' } as const;
  const route: SshRoute = {
    target,
    place: { user: 'pi', host: 'attic', port: 22 },
    settings: toSettings(target, new Map(), false, {}),
    knownKeys: [],
    keysOnPort22: [],
    ask: scriptedAsk({}),
    env: {},
    signal: undefined,
    acceptHostKey: undefined,
    configFile: undefined,
    notify: () => {},
    limits: LIMITS,
  };

  it.each([
    ['ssh: Could not resolve hostname attic: Name or service not known', 0, 'The name attic has no address.'],
    [
      'ssh: Could not resolve hostname attic: Temporary failure in name resolution',
      0,
      'could not be looked up',
    ],
    ['ssh: connect to host attic port 22: Connection refused', 0, 'refused the connection on port 22'],
    ['ssh: connect to host attic port 22: Connection timed out', 0, 'did not answer on port 22'],
    ['ssh: connect to host attic port 22: No route to host', 0, 'no way to attic'],
    ['Connection timed out during banner exchange', 0, 'did not answer'],
    ['kex_exchange_identification: Connection closed by remote host', 0, 'does not speak ssh'],
    [
      'Unable to negotiate with 10.0.0.7 port 22: no matching key exchange method found. Their offer: x',
      0,
      'No way of encryption',
    ],
    ['pi@attic: Permission denied (publickey).', 0, 'accepts no key, and none was found to offer'],
    [
      'debug1: Offering public key: /home/me/.ssh/id_rsa RSA SHA256:abc agent\npi@attic: Permission denied (publickey).',
      0,
      'none of these keys: /home/me/.ssh/id_rsa',
    ],
    ['pi@attic: Permission denied (publickey,password).', 1, 'did not accept the password'],
    [
      'Load key "/k": incorrect passphrase supplied to decrypt private key\npi@attic: Permission denied (publickey).',
      0,
      'passphrase of the key /k',
    ],
    [
      'Received disconnect from 10.0.0.7 port 22:2: Too many authentication failures',
      0,
      'more keys were offered',
    ],
    [
      '@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nThe fingerprint for the ED25519 key sent by the remote host is\nSHA256:abc.\nOffending ED25519 key in /home/me/.ssh/known_hosts:3\nHost key verification failed.',
      0,
      '/home/me/.ssh/known_hosts:3',
    ],
    ['', 0, 'does not speak ssh'],
  ])('%s', (said, passwords, sentence) => {
    const error = explainOpenssh(said, passwords, route);
    expect(error.message).toContain(sentence);
    expect(error.hint).toBeTruthy();
  });
});
