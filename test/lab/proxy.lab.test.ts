import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/check/report.ts';
import { reboot } from '../../src/lab/box.ts';
import { labDown } from '../../src/lab/down.ts';
import { labCapture } from '../../src/lab/exec.ts';
import type { LabState } from '../../src/lab/state.ts';
import { labUp } from '../../src/lab/up.ts';
import { differences, type Manifest } from '../../src/rehearse/manifest.ts';
import {
  type Application,
  client,
  grpcCall,
  startApplication,
  webSocketEcho,
} from './support/application.ts';
import { hostwright, summaryOf, type WorkingFolder, workingFolder } from './support/hostwright.ts';
import { manifestOf } from './support/manifest.ts';
import { change } from './support/recipe-cases.ts';
import { releasesOf } from './support/releases.ts';
import { upToDate } from './support/snapshot.ts';

const LAB = 'proxy';
const BOX = '192.168.1.20';
const LAPTOP = '192.168.1.10';
const PHONE = '192.168.1.11';
const ONE = `http://${LAPTOP}:9001`;

const HOST_FILE = `hostwright: 1
host: attic
connect: { lab: ${LAB} }
roles:
  blog: { recipe: site, port: 8080, expose: host }
  front: { recipe: proxy, to: blog }
  web: { recipe: proxy, domain: web.test, to: "${ONE}", streamUploads: true, uploadMiB: 100 }
  pair: { recipe: proxy, domain: pair.test, to: ["${ONE}", "http://${LAPTOP}:9002"] }
  kept: { recipe: proxy, domain: kept.test, to: "${ONE}", cache: { seconds: 1 } }
  inside: { recipe: proxy, domain: inside.test, to: "${ONE}", auth: [anna] }
  slow: { recipe: proxy, domain: slow.test, to: "${ONE}", limit: { perSecond: 1, burst: 2 } }
  listed: { recipe: proxy, domain: listed.test, to: "${ONE}", allow: [${LAPTOP}/32] }
  behind: { recipe: proxy, domain: behind.test, to: "${ONE}", trust: [${PHONE}/32] }
  named: { recipe: proxy, domain: named.test, to: "http://laptop.home.arpa:9001" }
  calls: { recipe: proxy, to: "grpc://${LAPTOP}:9003", port: 50051 }
`;

describe.each(releasesOf('bookworm'))('proxies on a bare machine with %s', (release) => {
  let lab: LabState;
  let folder: WorkingFolder;
  let before: Manifest;
  let second: Application;
  const running: Application[] = [];

  const on = async (node: 'box' | 'phone', argv: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await labCapture({ name: LAB, node, argv });
    if (code !== 0) throw new Error(`${argv.join(' ')}: ${code}\n${stdout}\n${stderr}`);
    return stdout;
  };
  const box = (script: string): Promise<string> => on('box', ['sh', '-euc', script]);
  const curl = (name: string, path: string, ...options: readonly string[]): Promise<string> =>
    on('phone', ['curl', '-sS', '-m', '20', '-H', `Host: ${name}`, ...options, `http://${BOX}${path}`]);
  const status = (name: string, ...options: readonly string[]): Promise<string> =>
    curl(name, '/', '-o', '/dev/null', '-w', '%{http_code}', ...options);
  const apply = async (): Promise<Record<string, unknown>> => {
    const finished = await hostwright(['apply', '--yes', '--no-check', '--json'], folder.path);
    const summary = summaryOf(finished);
    expect(summary, finished.stderr).toMatchObject({ failed: 0 });
    return summary;
  };
  const check = async (): Promise<Report> =>
    JSON.parse((await hostwright(['check', '--json'], folder.path)).stdout) as Report;

  beforeAll(async () => {
    folder = workingFolder({ 'host.yaml': HOST_FILE, 'public/index.html': 'front page' });
    lab = await labUp({ name: LAB, release, report: () => undefined });
    await upToDate(LAB);
    before = await manifestOf(LAB);
    second = await startApplication(lab, 'two', 9002);
    running.push(await startApplication(lab, 'one', 9001), second);
    running.push(await startApplication(lab, 'calls', 9003, 'grpc'));
    await apply();
  });
  afterAll(async () => {
    await Promise.all(running.map((application) => application.kill()));
    folder.remove();
    await labDown({ name: LAB, report: () => undefined });
  });

  it('are there after one run, as the check says from everywhere, and a second run changes nothing', async () => {
    expect(await apply()).toMatchObject({ changed: 0, roundTrips: 2 });
    const { results } = await check();
    expect(results.filter(({ ok }) => !ok)).toEqual([]);
    expect(new Set(results.map(({ role }) => role)).size).toBe(11);
  });

  it('pass on to another role by name, to WebSockets, streams of events and gRPC', async () => {
    expect(await curl('anything.test', '/')).toBe('front page');
    expect(await curl('web.test', '/')).toBe('application one');
    // It answers at one of the two addresses that its name leads to.
    expect(await curl('named.test', '/')).toBe('application one');
    expect(await client(lab, webSocketEcho, BOX, 'web.test', 'ping')).toBe('ping\n');
    expect(await client(lab, grpcCall, BOX, '50051', 'hello')).toBe('200 0 hello\n');
    // The same call by curl: five bytes of head, the message.
    const call = [
      'sh',
      '-c',
      `printf '\\0\\0\\0\\0\\005hello' | curl -sS -m 20 --http2-prior-knowledge -H 'Content-Type: application/grpc' -H 'TE: trailers' --data-binary @- -w ' %{http_code} HTTP/%{http_version}' http://${BOX}:50051/test.Echo/Say | tail -c +6`,
    ];
    expect(await on('phone', call)).toBe('hello 200 HTTP/2');
    // The stream never ends, so what has come within two seconds was not held back.
    const events = [
      'sh',
      '-c',
      `curl -sSN -m 2 -H "Host: web.test" -H "Accept: text/event-stream" http://${BOX}/events || :`,
    ];
    expect(await on('phone', events)).toBe('data: first\n\n');
  });

  it('let large uploads through as they arrive, and refuse larger ones', async () => {
    const send = (size: string, name: string): Promise<string> =>
      on('phone', [
        'sh',
        '-c',
        `{ head -c 1M /dev/zero; sleep 2; head -c ${size} /dev/zero; } | curl -sS -m 60 -H "Host: ${name}" -H "Expect:" -T - -w " %{http_code}" http://${BOX}/upload`,
      ]);
    expect(await send('63M', 'web.test')).toBe(`${64 * 1024 * 1024} slowly 200`);
    // What is kept here first is passed on in one go.
    expect(await send('7M', 'pair.test')).toBe(`${8 * 1024 * 1024} at once 200`);
    expect(await send('100M', 'web.test').catch(String)).toMatch(/413|reset|pipe/i);
    // One whose size is known is refused before it is sent.
    const known = `truncate -s 101M /tmp/large && curl -sS -m 20 -o /dev/null -H "Host: web.test" -T /tmp/large -w "%{http_code} %{size_upload}" http://${BOX}/upload; rm /tmp/large`;
    expect(await on('phone', ['sh', '-c', known])).toBe('413 0');
  });

  it('tell the application who it is that asks, whatever that one says', async () => {
    const lies = [
      'X-Forwarded-For: 6.6.6.6',
      'X-Real-IP: 6.6.6.6',
      'Forwarded: for=6.6.6.6',
      'X-Forwarded-Proto: https',
    ];
    const headers = lies.flatMap((line) => ['-H', line]);
    const asked = async (name: string): Promise<Record<string, string>> =>
      JSON.parse(await curl(name, '/headers', ...headers)) as Record<string, string>;
    const plain = await asked('web.test');
    expect(plain).toMatchObject({
      'x-forwarded-for': PHONE,
      'x-real-ip': PHONE,
      'x-forwarded-proto': 'http',
      host: 'web.test',
    });
    expect(plain).not.toHaveProperty('forwarded');
    expect(await asked('behind.test')).toMatchObject({
      'x-forwarded-for': '6.6.6.6',
      'x-forwarded-proto': 'https',
    });
  });

  it('keep out whom they should: without a password, off the list, too many at once', async () => {
    expect(await status('listed.test')).toBe('403');
    expect(await status('inside.test')).toBe('401');
    expect(await status('inside.test', '-u', 'anna:wrong')).toBe('401');
    const { stdout } = await hostwright(['secrets', 'show', 'attic/inside/anna', '--yes'], folder.path);
    const login = ['-u', `anna:${stdout.trimEnd()}`];
    expect(await status('inside.test', ...login)).toBe('200');
    const seen = JSON.parse(await curl('inside.test', '/headers', ...login)) as Record<string, string>;
    expect(seen).toMatchObject({ 'x-forwarded-user': 'anna' });
    expect(seen).not.toHaveProperty('authorization');
    expect(await box('stat -c "%a %U:%G" /etc/nginx/hostwright-inside.htpasswd')).toBe('640 root:www-data\n');
    const many = await on('phone', [
      ...['curl', '-sS', '-Z', '-H', 'Host: slow.test', '-o', '/dev/null', '-w', '%{http_code}\n'],
      `http://${BOX}/?[1-12]`,
    ]);
    const codes = many.trim().split('\n');
    expect(codes.filter((code) => code === '200').length).toBeGreaterThanOrEqual(3);
    expect(codes.filter((code) => code === '429').length).toBeGreaterThanOrEqual(6);
  });

  it('answer from what they keep, at once, while a new answer is fetched', async () => {
    const ask = (): Promise<string> =>
      curl('kept.test', '/count', '-w', ' %{http_code} %header{x-cache-status} %{time_total}');
    expect(await ask()).toMatch(/^1 200 MISS/);
    expect(await ask()).toMatch(/^1 200 (HIT|STALE|UPDATING)/);
    await expect.poll(ask, { timeout: 10_000 }).toMatch(/^1 200 (STALE|UPDATING) 0\./);
    // The second answer took the application one and a half seconds, and nobody had to wait for it.
    await expect.poll(ask, { timeout: 10_000 }).toMatch(/^2 200 \w+ 0\./);
    const cookie = await curl(
      'kept.test',
      '/',
      '-H',
      'Cookie: session=1',
      '-o',
      '/dev/null',
      '-w',
      '%header{x-cache-status}',
    );
    expect(cookie).toBe('BYPASS');
  });

  it('lose no request when one of two applications is killed under load', async () => {
    const load = on('phone', [
      ...['curl', '-sS', '-Z', '--parallel-max', '8', '-H', 'Host: pair.test', '-o', '/dev/null'],
      ...['-w', '%{http_code}\n', `http://${BOX}/slow?[1-600]`],
    ]);
    const answered = async (): Promise<number> =>
      Number(await box('grep -c "GET /slow" /var/log/nginx/pair.access.log || :'));
    await expect.poll(answered, { timeout: 20_000, interval: 50 }).toBeGreaterThan(50);
    await second.kill();
    const codes = (await load).trim().split('\n');
    expect(codes).toHaveLength(600);
    expect(codes.filter((code) => code !== '200')).toEqual([]);
    expect(await curl('pair.test', '/')).toBe('application one');
  });

  it('run confined, and go on after a reload, a restart, a rotation of the logs and a reboot', async () => {
    const score = await box('systemd-analyze security nginx --no-pager | tail -n 1');
    expect(Number(/([\d.]+) OK/.exec(score)?.[1])).toBeLessThanOrEqual(4);
    const answers = () =>
      expect.poll(() => curl('web.test', '/').catch(String), { timeout: 20_000 }).toBe('application one');
    const logged = (): Promise<string> => box('grep -c . /var/log/nginx/web.access.log || :');
    for (const action of ['reload', 'restart']) {
      await box(`systemctl ${action} nginx`);
      await answers();
    }
    // As logrotate does it.
    await box('mv /var/log/nginx/web.access.log /var/log/nginx/web.access.log.1; invoke-rc.d nginx rotate');
    await expect.poll(() => curl('web.test', '/').then(logged), { timeout: 10_000 }).toMatch(/^[1-9]/);
    await reboot(LAB);
    await answers();
    expect(await curl('kept.test', '/', '-o', '/dev/null', '-w', '%header{x-cache-status}')).not.toBe('');
    expect(await box('systemctl is-active nginx')).toBe('active\n');
    expect(await apply()).toMatchObject({ changed: 0 });
  });

  it('say in the check that the application is down, and not the proxy', async () => {
    await Promise.all(running.map((application) => application.kill()));
    const { results } = await check();
    const failed = results.filter(({ ok }) => !ok);
    expect(new Set(failed.map(({ cause }) => cause))).toEqual(new Set(['upstream-down']));
    expect(new Set(failed.map(({ role }) => role))).toEqual(
      // ‘kept’ still has its answer.
      new Set(['web', 'pair', 'slow', 'listed', 'behind', 'named', 'calls']),
    );
  });

  it('leave nothing behind when they are taken off', async () => {
    await change(['remove', '--all'], folder.path);
    expect(differences(before, await manifestOf(LAB))).toEqual([]);
  });
});
