import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostSession } from '../../src/apply/session.ts';
import { type CheckOptions, checkHost } from '../../src/check/check.ts';
import type { LogIn } from '../../src/check/log-in.ts';
import { hereVantage } from '../../src/check/vantages/here.ts';
import type { ExposedEndpoint, Exposure } from '../../src/compose/recipe.ts';
import { type Connection, ForwardError, type Target } from '../../src/connect/connection.ts';
import { ConnectError, InterruptedError, UserError } from '../../src/errors.ts';
import type { Host } from '../../src/host/host.ts';
import type { Shell } from '../../src/quote.ts';

/** The "host" is 127.0.0.2 with a web server; `here` reaches it from 127.0.0.1, which `network.lan` makes the LAN. */
const HOST = '127.0.0.2';
const page = '<title>Attic</title>';
const sha256 = createHash('sha256').update(page).digest('hex');
const server = createServer((_, response) => response.end(page));
let port = 0;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => server.close());

const socket = hereVantage().open;

/** A machine elsewhere: what `ip route get` says there, and what becomes of its connections. */
function peer(source: string, forward: Connection['forward'], seen = '198.51.100.4'): Connection {
  const exec = (command: Shell) => {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const routes = source === 'none' ? '##t0\n' : `##t0\n${HOST} via 10.0.0.1 dev eth0 src ${source} uid 0\n`;
    stderr.end();
    stdout.end(command.text.includes('##connection') ? `##connection\n${seen} 5 ${source} 22\n` : routes);
    return Promise.resolve({
      stdin,
      stdout,
      stderr,
      exit: once(stdout, 'end').then(() => ({ code: 0 })),
      close: () => undefined,
    });
  };
  return {
    target: 'peer',
    user: 'ann',
    exec,
    forward,
    again: () => Promise.reject(new Error('not here')),
    close: () => Promise.resolve(),
  };
}

const silent: Connection['forward'] = () => Promise.reject(new ForwardError('timeout', 'no answer'));

interface Given extends Partial<Pick<CheckOptions, 'signal'>> {
  expose?: Exposure;
  from?: string[];
  connect?: Target;
  peer?: Connection | Error;
  self?: Connection['forward'];
  prove?: ExposedEndpoint['prove'];
}

function check(given: Given) {
  const endpoint: ExposedEndpoint = {
    role: 'blog',
    name: 'http',
    protocol: 'tcp',
    port,
    expose: given.expose ?? 'lan',
    prove: given.prove ?? { probe: 'http', with: { sha256 } },
  };
  const address = { address: HOST, family: 4, prefixLength: 8, scope: 'global' };
  const facts = {
    network: { main: { name: 'eth0', addresses: [address], prefixes: [] }, hasLan: false },
    ssh: { ports: [22], socketActivated: false },
  };
  const logIn: LogIn = () =>
    given.peer instanceof Error
      ? Promise.reject(given.peer)
      : Promise.resolve(given.peer ?? peer(HOST, silent));
  return checkHost({
    host: {
      name: 'attic',
      connect: given.connect ?? { kind: 'ssh', host: HOST, backend: 'auto', sudo: 'none' },
      network: { lan: ['127.0.0.0/8'] },
    } as unknown as Host,
    session: {
      facts: facts as unknown as HostSession['facts'],
      composition: { resources: [], endpoints: [endpoint], notes: [] },
      connection: peer(HOST, given.self ?? socket),
    },
    ask: { interactive: false } as CheckOptions['ask'],
    signal: given.signal ?? new AbortController().signal,
    logIn,
    ...(given.from ? { from: given.from } : {}),
  });
}

describe('checkHost', () => {
  it('proves a page from the host itself and from here, in the form of the contract', async () => {
    const report = await check({});
    expect(report).toMatchObject({
      v: 1,
      host: 'attic',
      ok: true,
      vantages: [
        { name: 'self', address: HOST, sameLan: true },
        { name: 'here', address: '127.0.0.1', sameLan: true },
      ],
    });
    expect(report.results.map(({ id, ok, expect: wanted }) => [id, ok, wanted])).toEqual([
      [`self:blog/http@${HOST}`, true, 'reachable'],
      [`here:blog/http@${HOST}`, true, 'reachable'],
    ]);
    expect(report.results[1]).toMatchObject({
      vantage: 'here',
      role: 'blog',
      endpoint: 'http',
      port,
      protocol: 'tcp',
    });
    expect(report.results[1]?.steps.map(({ name }) => name)).toEqual(['tcp', 'http', 'content']);
  });

  it('finds that here gets in where only the host may', async () => {
    const report = await check({ expose: 'host', from: ['here'] });
    expect(report.ok).toBe(false);
    expect(report.results[0]).toMatchObject({ expect: 'blocked', ok: false, cause: 'exposed' });
  });

  it('proves from outside that nothing opens, and says that the machine there is alive', async () => {
    const report = await check({ from: ['ssh://ann@vps'], peer: peer('203.0.113.9', silent) });
    expect(report.vantages).toEqual([{ name: 'ssh://ann@vps', address: '203.0.113.9', sameLan: false }]);
    expect(report).toMatchObject({ ok: true, results: [{ expect: 'blocked', ok: true, address: HOST }, {}] });
    // Here is on the LAN, so what the peer sees us as is the router's public address.
    expect(report.results[1]).toMatchObject({ address: '198.51.100.4', ok: true });
    expect(report.results[0]?.steps.map(({ detail }) => detail)).toEqual([
      'closed: no answer at all',
      'ssh://ann@vps itself is up: it was logged in to for this test',
    ]);
  });

  it('counts a peer on the LAN as such, and says what it lacks a route to', async () => {
    const inside = await check({ from: ['ssh://ann@desk'], peer: peer('127.0.0.9', socket) });
    expect(inside).toMatchObject({
      ok: true,
      vantages: [{ sameLan: true }],
      results: [{ expect: 'reachable' }],
    });
    const cut = await check({ from: ['ssh://ann@desk'], peer: peer('none', socket, 'nobody') });
    expect(cut.results).toEqual([]);
    expect(cut.vantages[0]?.note).toContain(`no route from here: ${HOST}`);
  });

  it('does not take a forbidden or broken test for a closed port', async () => {
    const forbidden: Connection['forward'] = () => Promise.reject(new ForwardError('prohibited', 'no'));
    const report = await check({ from: ['ssh://ann@vps'], peer: peer('203.0.113.9', forbidden) });
    expect(report.results[0]).toMatchObject({ expect: 'blocked', ok: false, cause: 'forwarding-prohibited' });
    const broken: Connection['forward'] = () => Promise.reject(new Error('lost'));
    const other = await check({ from: ['ssh://ann@vps'], peer: peer('203.0.113.9', broken) });
    expect(other.results[0]).toMatchObject({ ok: false, cause: 'probe-failed' });
  });

  it('makes a finding of a peer that does not let us in, and goes on', async () => {
    const report = await check({
      from: ['self', 'ssh://ann@vps:2222'],
      peer: new ConnectError('no such key'),
    });
    expect(report.ok).toBe(false);
    expect(report.results).toMatchObject([
      { vantage: 'ssh://ann@vps:2222', ok: false, cause: 'vantage-unreachable', address: 'vps', port: 2222 },
      { vantage: 'self', ok: true },
    ]);
  });

  it('explains the failures of others by the failure of the host itself', async () => {
    const refuse: Connection['forward'] = () => Promise.reject(new ForwardError('refused', 'refused'));
    const report = await check({
      self: refuse,
      from: ['self', 'ssh://ann@desk'],
      peer: peer('127.0.0.9', refuse),
    });
    expect(report.results).toMatchObject([
      { cause: 'service-not-listening' },
      { cause: 'refused', because: `self:blog/http@${HOST}` },
    ]);
  });

  it('tests from the machines of the lab by name, and from nowhere twice over a local connection', async () => {
    const lab = await check({
      connect: { kind: 'lab', name: 'default', sudo: 'auto' },
      peer: peer('127.0.0.9', socket),
    });
    expect(lab.vantages.map(({ name }) => name)).toEqual(['self', 'here', 'phone', 'internet']);
    const local = await check({ connect: { kind: 'local', sudo: 'auto' } });
    expect(local.vantages.map(({ name }) => name)).toEqual(['self']);
  });

  it('refuses places that cannot be, all at once and with what to use instead', async () => {
    const from = [
      'phone',
      'internet',
      'moon',
      'ssh://-oProxyCommand=x',
      'ssh://a@b:99999',
      'ssh://a@[fd00::2]:22',
    ];
    const error = await check({ from }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).problems).toHaveLength(5);
    expect(String(error)).toContain('--from internet=ssh://user@a-machine-outside');
  });

  it('is a bug, not a finding, when a recipe names a probe that does not exist', async () => {
    await expect(check({ prove: { probe: 'toString' } })).rejects.toThrow('There is no probe "toString"');
  });

  it('stops at once when it is interrupted, also while nothing answers', async () => {
    const controller = new AbortController();
    const never: Connection['forward'] = () => {
      controller.abort();
      return new Promise(() => undefined);
    };
    await expect(check({ self: never, signal: controller.signal })).rejects.toThrow(InterruptedError);
  });
});
