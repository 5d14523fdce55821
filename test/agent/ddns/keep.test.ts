import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { routerAddressIn } from '../../../src/agent/ddns/files.ts';
import { type Ddns, type DdnsSurroundings, keepDdns } from '../../../src/agent/ddns/keep.ts';
import type { DdnsState } from '../../../src/agent/declared.ts';
import { nameServer, signedAnswer } from '../../dns/server.ts';
import { SECRET } from '../../dns/vectors.ts';

const key = { name: 'home', algorithm: 'hmac-sha256', secret: SECRET } as const;
const closing: (() => unknown)[] = [];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ddns-'));
  await mkdir(join(folder, 'ddns.d'));
  closing.push(() => rm(folder, { recursive: true }));
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function started(answer: (request: Buffer) => Buffer | undefined, router?: string) {
  const requests: Buffer[] = [];
  const told: string[] = [];
  const server = await nameServer((request) => {
    requests.push(Buffer.from(request));
    return answer(request);
  });
  closing.push(server.close);
  const way = {
    type: 'rfc2136',
    server: server.server,
    port: server.port,
    zone: 'example.org',
    key,
    ttl: 60,
  };
  const declaration = { format: 1, role: 'ddns', names: ['home.example.org'], families: [4, 6], way };
  await writeFile(join(folder, 'ddns.d/ddns.json'), JSON.stringify(declaration));
  const host = { ipv6: ['2001:db8::1'], router };
  const around: DdnsSurroundings = {
    routerAddress: async () => host.router,
    tell: (text) => told.push(text),
    own: async () => ({ ipv6: host.ipv6 }),
    declarations: join(folder, 'ddns.d'),
    state: join(folder, 'state'),
  };
  const ddns: Ddns = keepDdns(around);
  closing.push(ddns.stop);
  const state = async (): Promise<DdnsState> =>
    JSON.parse(await readFile(join(folder, 'state/ddns.json'), 'utf8')) as DdnsState;
  return { ddns, host, requests, told, state };
}

it('reads the router’s address from what is known of ports, and nothing else', async () => {
  const path = join(folder, 'ports.json');
  expect(await routerAddressIn(path)).toBeUndefined();
  for (const externalAddress of ['x', '2001:db8::1', 1, null, undefined]) {
    await writeFile(path, JSON.stringify({ format: 1, externalAddress }));
    expect(await routerAddressIn(path)).toBeUndefined();
  }
  await writeFile(path, JSON.stringify({ format: 1, externalAddress: '203.0.113.2' }));
  expect(await routerAddressIn(path)).toBe('203.0.113.2');
});

describe('the agent', () => {
  it('writes addresses once, and again when they change', async () => {
    const { ddns, host, requests, state, told } = await started(
      (request) => signedAnswer(request, key),
      '203.0.113.9',
    );
    for (let look = 0; look < 3; look += 1) await ddns.look();
    expect(requests).toHaveLength(1);
    expect(requests[0]?.includes(Buffer.from([203, 0, 113, 9]))).toBe(true);
    expect(await state()).toMatchObject({
      addresses: ['203.0.113.9', '2001:db8::1'],
      failures: 0,
      verdict: { state: 'current' },
    });
    host.router = '203.0.113.10';
    await ddns.look();
    expect(requests).toHaveLength(2);
    expect(told.at(-1)).toBe('home.example.org: 203.0.113.10 and 2001:db8::1 in the DNS.');
    expect(told.join()).not.toContain(SECRET);
    // Gone for a moment is not gone.
    host.ipv6 = [];
    await ddns.look();
    expect(requests).toHaveLength(2);
  });

  it('says what fails, and does not try again at once', async () => {
    const { ddns, requests, state } = await started(
      (request) => signedAnswer(request, key, { rcode: 5 }),
      '203.0.113.9',
    );
    for (let look = 0; look < 3; look += 1) await ddns.look();
    expect(requests).toHaveLength(1);
    const { failures, verdict } = await state();
    expect([failures, verdict.state, 'text' in verdict && verdict.text]).toEqual([
      1,
      'failed',
      expect.stringMatching(/does not allow changes of example\.org/),
    ]);
  });

  it('writes IPv6 although nobody knows the IPv4 address, and says so', async () => {
    const { ddns, requests, state } = await started((request) => signedAnswer(request, key));
    await ddns.look();
    expect(requests).toHaveLength(1);
    expect(await state()).toMatchObject({ addresses: ['2001:db8::1'], verdict: { state: 'failed' } });
  });

  it('forgets what is no longer declared, and survives any state and declaration', async () => {
    const { ddns, requests, state, told } = await started(
      (request) => signedAnswer(request, key),
      '203.0.113.9',
    );
    await mkdir(join(folder, 'state'), { recursive: true });
    for (const text of [
      '',
      '{',
      '[]',
      'null',
      '{"format":1}',
      `{"format":1,"failures":${'9'.repeat(400)}}`,
    ]) {
      await writeFile(join(folder, 'state/ddns.json'), text);
      await ddns.look();
    }
    expect(await state()).toMatchObject({ failures: 0, addresses: ['203.0.113.9', '2001:db8::1'] });
    expect(requests.length).toBeGreaterThan(4);
    await writeFile(join(folder, 'ddns.d/odd.json'), '{"format":1,"role":"odd","way":null}');
    await rm(join(folder, 'ddns.d/ddns.json'));
    await ddns.look();
    expect(told.join('\n')).toMatch(/odd\.json is no declaration[\s\S]*its records stay in the DNS/);
    await expect(state()).rejects.toThrow('ENOENT');
  });
});
