import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rollAccountKey } from '../../../src/agent/certificates/account-key.ts';
import { certificatePlaces } from '../../../src/agent/certificates/places.ts';
import { renewDue } from '../../../src/agent/certificates/renew.ts';
import { revoke } from '../../../src/agent/certificates/revoke.ts';
import { waitForCertificate } from '../../../src/agent/certificates/wait.ts';
import type { CertificateDeclaration, CertificateState } from '../../../src/agent/declared.ts';
import { FakeAcme } from './fake-acme.ts';

let ca: FakeAcme;
let staging: FakeAcme;
let root: string;
const said: string[] = [];

beforeAll(() => {
  ca = new FakeAcme();
  staging = new FakeAcme();
});
beforeEach(async () => {
  ca = Object.assign(new FakeAcme(), { authority: ca.authority });
  staging = Object.assign(new FakeAcme(), { authority: staging.authority });
  await Promise.all([ca.start(), staging.start()]);
  root = mkdtempSync(join(tmpdir(), 'renew-'));
  mkdirSync(places().declarations, { recursive: true });
  said.length = 0;
});
afterEach(async () => {
  await Promise.all([ca.stop(), staging.stop()]);
  rmSync(root, { recursive: true, force: true });
});

const places = () => certificatePlaces(root);
const context = () => ({
  places: places(),
  say: (line: string) => said.push(line),
  betweenMs: 20,
  transport: { pauses: [10, 10], timeoutMs: 15_000 },
});
function declare(more: Partial<CertificateDeclaration> = {}): void {
  const declaration = {
    format: 1,
    name: 'blog',
    names: ['blog.example.org', 'www.blog.example.org'],
    directory: ca.directory,
    authority: 'Test CA',
    keyType: 'ecdsa-p256',
    challenge: { type: 'http-01' },
    ...more,
  };
  writeFileSync(join(places().declarations, 'blog.json'), JSON.stringify(declaration));
}
const state = (): CertificateState => JSON.parse(readFileSync(join(places().state, 'blog.json'), 'utf8'));
const paths = (of: FakeAcme) => of.requests.map(({ path }) => path.split('/')[1]);
const orders = (of = ca) => paths(of).filter((path) => path === 'new-order').length;
/** The cause of the state that a run leaves. */
async function causeOf(): Promise<string> {
  await renewDue(context());
  const { verdict } = state();
  return verdict.state === 'failed' ? verdict.cause : verdict.state;
}
/** As if the time had come. */
function later(change: Partial<CertificateState>): void {
  writeFileSync(join(places().state, 'blog.json'), JSON.stringify({ ...state(), ...change }));
}

describe('a certificate', () => {
  it('is issued, handed over whole, and not asked for again until it is due', async () => {
    declare();
    const shown: string[] = [];
    ca.look = async (_name, token) => {
      const path = join(places().challenges, token);
      shown.push(
        `${readFileSync(path, 'utf8').split('.')[0] === token} ${(statSync(path).mode & 0o777).toString(8)}`,
      );
      return undefined;
    };
    expect(await renewDue(context())).toMatchObject([{ name: 'blog', did: 'issued' }]);
    expect(shown).toEqual(['true 644', 'true 644']);
    expect(readdirSync(places().challenges)).toEqual([]);
    expect(readdirSync(places().ready)).toEqual(['blog']);
    const mode = (name: string) => (statSync(join(places().ready, 'blog', name)).mode & 0o777).toString(8);
    expect([mode('key.pem'), mode('fullchain.pem')]).toEqual(['600', '644']);
    expect(state()).toMatchObject({ failures: 0, verdict: { state: 'issued' } });
    const days = (Date.parse(state().next) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(58);
    expect(days).toBeLessThan(60.1);
    expect(await renewDue(context())).toMatchObject([{ did: 'nothing' }]);
    expect(orders()).toBe(1);
    expect(await waitForCertificate(places(), 'blog', 0)).toMatchObject({ is: 'issued' });
    const home = join(root, 'var/lib/hostwright-agent');
    const holders = readdirSync(home, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => readFileSync(path, 'utf8').includes('PRIVATE KEY'));
    expect(holders.every((path) => (statSync(path).mode & 0o077) === 0)).toBe(true);
  });

  it('gets a new key with each renewal, and says which one it replaces where the CA knows of that', async () => {
    ca.renewalInfo = { start: '2000-01-01T00:00:00Z', end: '2000-01-02T00:00:00Z', retryAfter: '3600' };
    declare();
    await renewDue(context());
    const key = readFileSync(join(places().ready, 'blog/key.pem'), 'utf8');
    expect(Date.parse(state().renewal?.at ?? '')).toBeLessThan(Date.now());
    expect(await renewDue(context())).toMatchObject([{ did: 'issued' }]);
    expect(readFileSync(join(places().ready, 'blog/key.pem'), 'utf8')).not.toBe(key);
    expect(ca.requests.find(({ payload }) => 'replaces' in payload)?.payload.replaces).toMatch(
      /^[\w-]+\.[\w-]+$/,
    );
  });

  it.each([
    ['does not want to know it', { status: 409, type: 'alreadyReplaced' }],
    ['breaks down over it, as pebble does', { status: 500, type: 'serverInternal' }],
  ])('is renewed though the CA, told which one it replaces, %s', async (_, fault) => {
    ca.renewalInfo = { start: '2000-01-01T00:00:00Z', end: '2000-01-02T00:00:00Z', retryAfter: '3600' };
    declare();
    await renewDue(context());
    ca.fault = ({ payload }) => ('replaces' in payload ? fault : undefined);
    expect(await renewDue(context())).toMatchObject([{ did: 'issued' }]);
  });

  it('asks again about its renewal when the CA wants it, and comes earlier when told so', async () => {
    const [soon, late] = [Date.now() + 40 * 86_400_000, Date.now() + 41 * 86_400_000].map((time) =>
      new Date(time).toISOString(),
    );
    ca.renewalInfo = { start: soon ?? '', end: late ?? '', retryAfter: '3600' };
    declare();
    await renewDue(context());
    expect((Date.parse(state().next) - Date.now()) / 60_000).toBeCloseTo(60, 0);
    ca.renewalInfo = { start: '2000-01-01T00:00:00Z', end: '2000-01-02T00:00:00Z' };
    later({ renewal: { at: soon ?? '', askAgain: new Date().toISOString() } });
    expect(await renewDue(context())).toMatchObject([{ did: 'nothing' }]);
    expect(await renewDue(context())).toMatchObject([{ did: 'issued' }]);
  });

  it('is issued while half of all nonces are refused and every fifth request fails', async () => {
    declare();
    ca.nonceTrouble = 0.5;
    let count = 0;
    ca.fault = () => (++count % 5 === 0 ? { status: 503, type: 'serverInternal' } : undefined);
    expect(await renewDue(context())).toMatchObject([{ did: 'issued' }]);
  });

  it('is ordered anew when other names or another key are declared, and not for another address', async () => {
    declare();
    await renewDue(context());
    declare({ email: 'me@example.org' });
    expect(await renewDue(context())).toMatchObject([{ did: 'nothing' }]);
    expect(await waitForCertificate(places(), 'blog', 0)).toMatchObject({ is: 'issued' });
    declare({ names: ['blog.example.org'] });
    expect(await renewDue(context())).toMatchObject([{ did: 'issued' }]);
    declare({ names: ['blog.example.org'], keyType: 'ecdsa-p384' });
    expect(await renewDue(context())).toMatchObject([{ did: 'issued' }]);
    declare({ names: ['blog.example.org'], keyType: 'rsa-2048' });
    expect(await renewDue(context())).toMatchObject([{ did: 'issued' }]);
    expect(await renewDue(context())).toMatchObject([{ did: 'nothing' }]);
  });
});

describe('an order that fails', () => {
  it.each<[string, string, () => void]>([
    [
      'rate limits',
      'ca-rate-limited',
      () => {
        ca.fault = ({ path }) =>
          path === '/new-order'
            ? { status: 429, type: 'rateLimited', headers: { 'retry-after': '7200' } }
            : undefined;
      },
    ],
    [
      'a name',
      'ca-refuses-name',
      () => {
        ca.fault = ({ path }) =>
          path === '/new-order' ? { status: 400, type: 'rejectedIdentifier' } : undefined;
      },
    ],
    [
      'CAA',
      'caa',
      () => {
        ca.fault = ({ path }) => (path.startsWith('/finalize') ? { status: 403, type: 'caa' } : undefined);
      },
    ],
    [
      'no record',
      'dns-missing',
      () => {
        ca.look = async () => ({
          status: 0,
          type: 'dns',
          detail: 'DNS problem: NXDOMAIN looking up A for blog.example.org',
        });
      },
    ],
    [
      'another server',
      'wrong-server',
      () => {
        ca.look = async () => ({
          status: 0,
          type: 'unauthorized',
          detail: '192.0.2.7: Invalid response from http://blog.example.org/: 404',
        });
      },
    ],
    [
      'a closed port',
      'connection',
      () => {
        ca.look = async () => ({ status: 0, type: 'connection', detail: 'Timeout during connect' });
      },
    ],
    [
      'TLS',
      'tls',
      () => {
        ca.look = async () => ({ status: 0, type: 'tls', detail: 'remote error' });
      },
    ],
    [
      'external accounts',
      'external-account-required',
      () => {
        ca.fault = ({ path }) =>
          path === '/new-account' ? { status: 403, type: 'externalAccountRequired' } : undefined;
      },
    ],
    [
      'a server that is down',
      'ca-unreachable',
      () => {
        declare({ directory: 'http://127.0.0.1:9/dir' });
      },
    ],
    [
      'a server in trouble',
      'ca-unreachable',
      () => {
        ca.fault = () => ({ status: 500, type: 'serverInternal' });
      },
    ],
    [
      'no directory',
      'no-directory',
      () => {
        declare({ directory: `${ca.base}/nonce` });
      },
    ],
    [
      'a hook',
      'hook-failed',
      () => {
        declare({ challenge: { type: 'dns-01-hook', command: '/bin/false' } });
      },
    ],
  ])('because of %s is called %s', async (_what, cause, prepare) => {
    declare();
    prepare();
    expect(await causeOf()).toBe(cause);
    expect(state()).toMatchObject({ failures: 1, verdict: { text: expect.stringMatching(/\.$/) } });
    expect(existsSync(places().ready) ? readdirSync(places().ready) : []).toEqual([]);
    expect(existsSync(places().challenges) ? readdirSync(places().challenges) : []).toEqual([]);
  });

  it('says who has answered instead, and that the CA wants to wait', async () => {
    declare();
    ca.look = async () => ({
      status: 0,
      type: 'unauthorized',
      detail: '192.0.2.7: Invalid response\u001b[31m',
    });
    await renewDue(context());
    expect(state().verdict).toMatchObject({
      text: expect.stringContaining('from 192.0.2.7'),
      detail: '192.0.2.7: Invalid response [31m',
    });
    ca.fault = () => ({ status: 429, type: 'rateLimited', headers: { 'retry-after': '7200' } });
    await renewDue(context(), { now: true });
    expect(state().verdict).toMatchObject({ text: expect.stringContaining('for 2 hours') });
    expect(Date.parse(state().next) - Date.now()).toBeGreaterThan(7_190_000);
  });

  it('keeps what is known of the old one, waits longer each time, and is over by itself', async () => {
    declare();
    await renewDue(context());
    const { issued } = state();
    later({ renewal: { at: '2000-01-01T00:00:00.000Z' }, next: '2000-01-01T00:00:00.000Z' });
    ca.fault = () => ({ status: 403, type: 'caa' });
    const waits: number[] = [];
    for (let time = 0; time < 4; time += 1) {
      await renewDue(context());
      waits.push((Date.parse(state().next) - Date.now()) / 60_000);
      expect(await renewDue(context())).toMatchObject([{ did: 'nothing' }]);
      later({ next: '2000-01-01T00:00:00.000Z' });
    }
    expect(waits.map((wait, index) => wait > 0.7 * 2 ** index && wait < 1.3 * 2 ** index)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(state()).toMatchObject({ failures: 4, issued });
    ca.fault = () => undefined;
    expect(await renewDue(context())).toMatchObject([{ did: 'issued' }]);
    expect(state().failures).toBe(0);
  });

  it('is shown for a declaration that nobody understands, without hindering the others', async () => {
    declare();
    writeFileSync(join(places().declarations, 'broken.json'), '{');
    expect(await renewDue(context())).toMatchObject([
      { name: 'blog', did: 'issued' },
      { name: 'broken', did: 'failed' },
    ]);
  });
});

describe('the staging of a CA', () => {
  it('is tried first by a new host, and only then', async () => {
    declare({ staging: staging.directory });
    staging.look = async () => ({ status: 0, type: 'connection', detail: 'refused' });
    expect(await causeOf()).toBe('connection');
    expect([orders(), orders(staging)]).toEqual([0, 1]);
    staging.look = async () => undefined;
    await renewDue(context(), { now: true });
    await renewDue(context(), { now: true });
    expect([orders(), orders(staging)]).toEqual([2, 2]);
  });

  it('that is down does not keep anybody from the real one', async () => {
    declare({ staging: staging.directory });
    staging.fault = () => ({ status: 503, type: 'serverInternal' });
    expect(await causeOf()).toBe('issued');
  });
});

describe('an account', () => {
  it('is made anew when its key is lost, and when the CA has forgotten it', async () => {
    declare();
    await renewDue(context());
    rmSync(places().accounts, { recursive: true });
    expect(await renewDue(context(), { now: true })).toMatchObject([{ did: 'issued' }]);
    expect(ca.accounts.size).toBe(2);
    ca.accounts.clear();
    expect(await renewDue(context(), { now: true })).toMatchObject([{ did: 'issued' }]);
    expect(ca.accounts.size).toBe(1);
  });

  it('gets a new key, by which the next order works', async () => {
    declare();
    await renewDue(context());
    const [before] = ca.accounts.values();
    expect(await rollAccountKey(context())).toEqual([ca.directory]);
    const [after] = ca.accounts.values();
    expect(after).not.toBe(before);
    expect(await renewDue(context(), { now: true })).toMatchObject([{ did: 'issued' }]);
  });

  it('says contact and external account', async () => {
    declare({
      email: 'me@example.org',
      eab: { kid: 'k1', hmacKey: Buffer.from('secret').toString('base64url') },
    });
    await renewDue(context());
    const made = ca.requests.find(({ path }) => path === '/new-account');
    expect(made?.payload).toMatchObject({
      contact: ['mailto:me@example.org'],
      externalAccountBinding: { signature: expect.any(String) },
    });
  });
});

it('revokes what was issued, by the account or by its own key, and gets another one', async () => {
  declare();
  await renewDue(context());
  await revoke(context(), 'blog', 'superseded');
  expect(ca.revoked).toHaveLength(1);
  expect(await renewDue(context())).toMatchObject([{ did: 'issued' }]);
  const key = readFileSync(join(places().ready, 'blog/key.pem'), 'utf8');
  ca.accounts.clear();
  await expect(revoke(context(), 'blog')).rejects.toThrow();
  await expect(revoke(context(), 'blog', 'unspecified', 'no key')).rejects.toThrow();
  await revoke(context(), 'blog', 'keyCompromise', key);
  expect(ca.revoked).toHaveLength(2);
  await expect(revoke(context(), 'blog')).rejects.toThrow('nothing to revoke');
});

it('runs alone: two runs at once order once', async () => {
  declare();
  await Promise.all([renewDue(context()), renewDue(context())]);
  expect(orders()).toBe(1);
  mkdirSync(join(places().lock, '..'), { recursive: true });
  writeFileSync(places().lock, '999999999 gone-long-ago');
  expect(await renewDue(context())).toMatchObject([{ did: 'nothing' }]);
});
