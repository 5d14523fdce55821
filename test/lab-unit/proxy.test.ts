import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { permitted, startPackageProxy } from '../../src/lab/packages/proxy.ts';

const DEB = 'http://deb.debian.org/debian/pool/main/h/hello/hello_2.10-3_amd64.deb';
const LIST = 'http://deb.debian.org/debian/dists/bookworm/InRelease';

describe('what passes', () => {
  test.each([
    DEB,
    LIST,
    'http://security.debian.org/debian-security/dists/x/InRelease',
    `${DEB.replace('_2', '_1%3a2')}`,
  ])('GET %s', (target) => {
    expect(permitted('GET', target)).toBeInstanceOf(URL);
  });

  test.each([
    ['POST', DEB],
    ['PUT', DEB],
    ['GET', 'http://example.com/'],
    ['GET', 'http://deb.debian.org.example.com/debian/x'],
    ['GET', 'http://deb.debian.org@example.com/debian/x'],
    ['GET', 'http://deb.debian.org:22/debian/x'],
    ['GET', 'https://deb.debian.org/debian/x'],
    ['GET', 'ftp://deb.debian.org/debian/x'],
    ['GET', '/etc/passwd'],
    ['GET', 'http://deb.debian.org/debian/..%2f..%2fetc/passwd'],
    ['GET', 'http://deb.debian.org/debian/%2e%2e/%2e%2e/%2e%2e/etc/passwd%00'],
    ['GET', 'http://deb.debian.org/.ssh/id'],
    ['GET', undefined],
  ])('not %s %s', (method, target) => {
    expect(typeof permitted(method, target)).toBe('string');
  });
});

describe('the proxy', () => {
  let folder = '';
  let asked: string[] = [];
  let answer: (path: string) => { status: number; body: string; cut?: boolean } = () => ({
    status: 200,
    body: '',
  });
  let port = 0;
  let closeAll: () => Promise<void> = async () => undefined;

  // The server that stands for Debian's is reached as if it were the computer's own proxy.
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hostwright-proxy-'));
    asked = [];
    const upstream = createServer((incoming, response) => {
      asked.push(incoming.url ?? '');
      const { status, body, cut } = answer(incoming.url ?? '');
      response.writeHead(status, { 'content-length': Buffer.byteLength(body) + (cut ? 10 : 0) });
      if (cut) response.write(body, () => response.destroy());
      else response.end(body);
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    vi.stubEnv('HOSTWRIGHT_UPSTREAM_PROXY', `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`);
    const proxy = await startPackageProxy({ host: '127.0.0.1', port: 0 }, folder);
    port = proxy.port;
    closeAll = async () => {
      await proxy.close();
      upstream.closeAllConnections();
      await new Promise((resolve) => upstream.close(resolve));
    };
  });

  afterEach(async () => {
    await closeAll();
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });

  const get = (url: string, method = 'GET'): Promise<{ status: number | undefined; body: string }> =>
    new Promise((resolve, reject) => {
      const received = (response: IncomingMessage): void => {
        let body = '';
        response.on('data', (chunk: Buffer) => {
          body += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode, body }));
        response.on('error', reject);
      };
      request({ host: '127.0.0.1', port, path: url, method }, received).on('error', reject).end();
    });
  const cached = join('deb.debian.org', new URL(DEB).pathname);
  /** A file is kept a moment after its last byte was passed on. */
  const kept = (url: string): Promise<void> =>
    vi.waitFor(() => {
      if (!existsSync(join(folder, 'deb.debian.org', new URL(url).pathname))) throw new Error('Not kept');
    });
  const files = (): string[] => readdirSync(folder, { recursive: true }).map(String);

  test('fetches a package once, and then has it', async () => {
    answer = () => ({ status: 200, body: 'a package' });
    expect(await get(DEB)).toEqual({ status: 200, body: 'a package' });
    await kept(DEB);
    expect(await get(DEB)).toEqual({ status: 200, body: 'a package' });
    expect(asked).toEqual([DEB]);
  });

  test('asks for lists anew each time', async () => {
    answer = () => ({ status: 200, body: `list ${asked.length}` });
    expect((await get(LIST)).body).toBe('list 1');
    expect((await get(LIST)).body).toBe('list 2');
  });

  test('serves the lists of last time when there is no network', async () => {
    answer = () => ({ status: 200, body: 'a list' });
    await get(LIST);
    await kept(LIST);
    vi.stubEnv('HOSTWRIGHT_UPSTREAM_PROXY', 'http://127.0.0.1:1');
    expect(await get(LIST)).toEqual({ status: 200, body: 'a list' });
    expect(await get(DEB)).toMatchObject({ status: 502 });
  });

  test('keeps nothing of an answer that was cut off', async () => {
    answer = () => ({ status: 200, body: 'half', cut: true });
    await expect(get(DEB)).rejects.toThrow();
    await vi.waitFor(() => expect(files().filter((file) => file.includes('hello_'))).toEqual([]));
    expect(existsSync(join(folder, cached))).toBe(false);
  });

  test('passes on that there is no such file, and keeps nothing', async () => {
    answer = () => ({ status: 404, body: 'no' });
    expect(await get(DEB)).toEqual({ status: 404, body: 'no' });
    expect(files()).toEqual([]);
  });

  test('answers that a file did not change', async () => {
    const file = join(folder, cached);
    await mkdir(dirname(file), { recursive: true });
    writeFileSync(file, 'a package');
    utimesSync(file, 1_000_000, 1_000_000);
    const headers = { 'if-modified-since': new Date(1_000_000_000).toUTCString() };
    const status = await new Promise((resolve) =>
      request({ host: '127.0.0.1', port, path: DEB, headers }, ({ statusCode }) => resolve(statusCode)).end(),
    );
    expect(status).toBe(304);
  });

  test('refuses everything else without asking anybody', async () => {
    expect((await get('http://example.com/')).status).toBe(403);
    expect((await get(DEB, 'DELETE')).status).toBe(403);
    expect(asked).toEqual([]);
  });
});
