import { createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { causes } from '../../src/check/causes.ts';
import type { Probe } from '../../src/check/probe.ts';
import { probes } from '../../src/check/registry.generated.ts';
import { hereVantage } from '../../src/check/vantages/here.ts';
import { ForwardError, type ForwardFailure } from '../../src/connect/connection.ts';

/** What every probe keeps to, whatever its protocol: a new one joins by being there. */
describe.each(Object.keys(probes) as (keyof typeof probes)[])('the probe %s', (name) => {
  const load = async () => (await probes[name]()).probe as unknown as Probe<unknown>;

  it('needs no settings, and refuses those it does not know', async () => {
    const { settings } = await load();
    expect(settings.safeParse({}).success).toBe(true);
    expect(settings.safeParse({ 'no-such-setting': 1 }).success).toBe(false);
  });

  it.each<ForwardFailure>(['refused', 'timeout', 'unreachable', 'prohibited', 'failed'])(
    'makes an outcome of a connection that is %s',
    async (reason) => {
      const { run, settings } = await load();
      const open = () => Promise.reject(new ForwardError(reason, 'in other words'));
      const outcome = await run({ open, address: '192.0.2.1', port: 9, timeoutMs: 200 }, settings.parse({}));
      expect(outcome).toMatchObject({ ok: false, connected: false });
      expect(Object.keys(causes)).toContain(outcome.cause);
      expect(outcome.steps.at(-1)?.ok).toBe(false);
    },
  );

  it.each<[string, (stream: Socket) => void]>([
    ['says nothing', () => undefined],
    ['hangs up', (stream) => stream.end()],
    ['breaks', (stream) => stream.resetAndDestroy()],
    ['talks nonsense', (stream) => stream.end('\0\u00ff nonsense \r\n\r\n'.repeat(1000))],
  ])('ends in time and leaves nothing open when the other side %s', async (_, behave) => {
    const { run, settings } = await load();
    const server = createServer((stream) => behave(stream.on('error', () => undefined)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const opened: Duplex[] = [];
    const open = async () => {
      const stream = await hereVantage().open('127.0.0.1', port, 1000);
      opened.push(stream);
      return stream;
    };
    const started = performance.now();
    const outcome = await run({ open, address: '127.0.0.1', port, timeoutMs: 300 }, settings.parse({}));
    server.close();
    expect(performance.now() - started).toBeLessThan(1500);
    // A cause is named exactly when something is wrong.
    expect(outcome.cause === undefined).toBe(outcome.ok);
    expect(opened.every(({ destroyed }) => destroyed)).toBe(true);
  });
});
