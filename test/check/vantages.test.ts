import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { mapBounded } from '../../src/check/bounded.ts';
import { UNKNOWN_SOURCE } from '../../src/check/vantage.ts';
import { hereVantage } from '../../src/check/vantages/here.ts';
import { parseRoutes, peerVantage } from '../../src/check/vantages/peer.ts';
import { ForwardError } from '../../src/connect/connection.ts';
import { connectLocal } from '../../src/connect/local.ts';

describe('the vantage here', () => {
  const here = hereVantage();

  it('knows by which address it would go where, and where it has no route to', async () => {
    const sources = await here.sources(['127.0.0.2', '::1']);
    expect(sources.get('127.0.0.2')).toBe('127.0.0.1');
    expect(sources.get('::1')).toBe('::1');
    expect(await here.sources(['nonsense'])).toEqual(new Map());
  });

  it('connects, or says why not', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const stream = await here.open('127.0.0.1', port, 1000);
    stream.destroy();
    await new Promise((resolve) => server.close(resolve));
    const refused = await here.open('127.0.0.1', port, 1000).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ForwardError);
    expect(refused).toMatchObject({ reason: 'refused' });
  });
});

describe('a peer', () => {
  it('tells its routes by what a real shell there prints', async () => {
    const env = { ...process.env, SSH_CONNECTION: '192.0.2.9 50000 192.0.2.1 22' };
    const peer = await peerVantage('ssh://peer', await connectLocal(env));
    expect(peer.seesUsAs).toBe('192.0.2.9');
    const sources = await peer.sources(['127.0.0.2', "1'; echo no", '::1']);
    // A peer without iproute2 cannot say, and then everything counts as routed.
    expect(sources.get('127.0.0.2')).toMatch(/^(127\.0\.0\.1)?$/);
    await peer.close();
  });

  it('reads routes of every kind', () => {
    const targets = ['192.168.1.20', '2001:db8::20', '10.0.0.1', '10.0.0.2', 'fd00::1'];
    const output = `##t0
192.168.1.20 dev wlan0 src 192.168.1.7 uid 1000 \\    cache
##t1
2001:db8::20 from :: via fe80::1 dev wlan0 proto ra src 2001:DB8::7 metric 600 pref medium
##t2
unreachable 10.0.0.1 dev lo table unspec proto kernel src 10.9.9.9 metric 4294967295 error -101
##t3
##t4
fd00::1 dev wlan0
`;
    expect([...parseRoutes(output, targets)]).toEqual([
      ['192.168.1.20', '192.168.1.7'],
      ['2001:db8::20', '2001:db8::7'],
      ['fd00::1', UNKNOWN_SOURCE],
    ]);
    expect([...parseRoutes('##no-ip\n', ['10.0.0.1'])]).toEqual([['10.0.0.1', UNKNOWN_SOURCE]]);
  });
});

describe('mapBounded', () => {
  it('keeps the order and never has more than the limit under way', async () => {
    let [now, most] = [0, 0];
    const values = await mapBounded([5, 1, 4, 2, 3], 2, async (item) => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setTimeout(resolve, item));
      now -= 1;
      return item * 2;
    });
    expect(values).toEqual([10, 2, 8, 4, 6]);
    expect(most).toBe(2);
    expect(await mapBounded([], 2, () => Promise.resolve(1))).toEqual([]);
  });
});
