import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, globalAgent, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { updateDuckDns } from '../../../src/agent/ddns/duckdns.ts';

const TOKEN = 'a7c4d0ad-114e-40ef-ba1d-d217904a50f2';
let server: Server;
let url: string;
let folder: string;
let answer: { status: number; body: string };
const asked: URLSearchParams[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'duck-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const words = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1';
  const files = ['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert];
  execFileSync('openssl', [...words.split(' '), ...files], { stdio: 'ignore' });
  globalAgent.options.ca = readFileSync(cert);
  server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    asked.push(new URL(request.url ?? '', 'https://localhost').searchParams);
    response.statusCode = answer.status;
    response.end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/update`;
});
afterAll(() => {
  delete globalAgent.options.ca;
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  asked.length = 0;
  answer = { status: 200, body: 'OK\n203.0.113.9\n\nUPDATED' };
});

const update = (given: { ipv4?: string; ipv6?: string }) =>
  updateDuckDns({ url, token: TOKEN, names: ['attic.duckdns.org', 'shed'], ...given });

describe('DuckDNS', () => {
  it('is told addresses', async () => {
    expect(await update({ ipv4: '203.0.113.1', ipv6: '2001:db8::1' })).toEqual([
      '203.0.113.1',
      '2001:db8::1',
    ]);
    expect(asked.map((one) => Object.fromEntries(one))).toEqual([
      { domains: 'attic,shed', token: TOKEN, ip: '203.0.113.1', ipv6: '2001:db8::1', verbose: 'true' },
    ]);
  });

  it('sees an address by itself, with that of IPv6 told apart', async () => {
    expect(await update({ ipv4: '' })).toEqual(['203.0.113.9']);
    expect(await update({ ipv4: '', ipv6: '2001:db8::1' })).toEqual(['203.0.113.9', '2001:db8::1']);
    expect(asked.map((one) => [one.get('ip'), one.get('ipv6')])).toEqual([
      ['', null],
      ['', null],
      ['', '2001:db8::1'],
    ]);
  });

  it.each([
    ['KO', 200, /Check on its page/],
    ['<html>', 200, /something else than it should/],
    ['OK', 503, /something else than it should/],
    ['x'.repeat(10_000), 200, /can’t be reached|something else/],
  ])(
    'is not believed by %.6s with status %i, and its token is told to nobody',
    async (body, status, words) => {
      answer = { status, body };
      const failure: unknown = await update({ ipv4: '' }).catch((error: unknown) => error);
      expect(String(failure)).toMatch(words);
      expect(JSON.stringify(failure) + String(failure)).not.toContain(TOKEN);
    },
  );

  it('may say anything in the place of an address', async () => {
    answer.body = 'OK\nx y z\n$(id)\nUPDATED';
    expect(await update({ ipv4: '' })).toEqual([]);
  });
});
