import { afterEach, describe, expect, it } from 'vitest';
import { pcp } from '../../src/router/pcp.ts';
import type { Gateway } from '../../src/router/router.ts';
import { type PcpSays, pcpAnswer } from './support/messages.ts';
import { GATEWAY, SECRET, type UdpServer, udpServer } from './support/udp.ts';

const MAPPING = { protocol: 'tcp', port: 8080, externalPort: 80 } as const;
const patience = { first: 20, total: 120 };

describe('PCP', () => {
  let server: UdpServer;
  afterEach(() => server.close());
  const start = async (says: (opcode: number) => PcpSays | undefined) => {
    server = await udpServer((message) => {
      const answer = says(message[1] ?? 0);
      return answer ? [pcpAnswer(message, answer)] : [];
    });
  };
  const speak = (gateway: Gateway = GATEWAY, secret = SECRET) =>
    pcp(gateway, { port: server.port, patience, lease: 120, secret });

  it('asks for exactly that port, for this host, and renews and removes by the same nonce', async () => {
    await start(() => ({}));
    const router = await speak();
    expect(await router?.map(MAPPING, 120)).toEqual({ is: 'mapped', lifetime: 120 });
    expect(await router?.externalAddress()).toBe('203.0.113.9');
    expect(await router?.unmap(MAPPING)).toBe('gone');
    expect(await (await speak())?.map(MAPPING, 120)).toEqual({ is: 'mapped', lifetime: 120 });
    const [, map, remove, , again] = server.asked;
    expect(map?.toString('hex').slice(0, 48)).toBe('0201000000000078' + '00000000000000000000ffff7f000003');
    expect(map?.subarray(36).toString('hex')).toBe(
      '06000000' + '1f900050' + '00000000000000000000ffff00000000' + '02000000',
    );
    expect(remove?.readUInt32BE(4)).toBe(0);
    expect(remove?.length).toBe(60);
    const nonce = (message?: Buffer) => message?.subarray(24, 36).toString('hex');
    expect(nonce(remove)).toBe(nonce(map));
    expect(nonce(again)).toBe(nonce(map));
    const other = await speak(GATEWAY, Buffer.alloc(32, 8));
    await other?.map(MAPPING, 120);
    expect(nonce(server.asked.at(-1))).not.toBe(nonce(map));
  });

  it('gives back another port than the one it asked for', async () => {
    await start(() => ({ externalPort: 4444 }));
    expect(await (await speak())?.map(MAPPING, 120)).toMatchObject({ is: 'taken' });
    expect(server.asked.at(-1)?.readUInt32BE(4)).toBe(0);
  });

  it.each([
    [11, 'taken'],
    [2, 'refused'],
    [8, 'refused'],
    [200, 'refused'],
  ])('reads the result %i as %s', async (result, is) => {
    await start((opcode) => (opcode === 1 ? { result } : {}));
    expect(await (await speak())?.map(MAPPING, 120)).toMatchObject({ is });
  });

  it.each([
    [0, 'gone'],
    [8, 'gone'],
    [2, 'refused'],
  ])('knows by the result %i whether a mapping is gone', async (result, is) => {
    await start((opcode) => (opcode === 1 ? { result } : {}));
    expect(await (await speak())?.unmap(MAPPING)).toBe(is);
  });

  it('takes no lease for longer than it asked, and is content with less', async () => {
    let lifetime = 0xffff_ffff;
    await start(() => ({ lifetime }));
    const router = await speak();
    expect(await router?.map(MAPPING, 120)).toEqual({ is: 'mapped', lifetime: 120 });
    lifetime = 60;
    expect(await router?.map(MAPPING, 120)).toEqual({ is: 'mapped', lifetime: 60 });
  });

  it('notices that the router has restarted, once, and that it is silent', async () => {
    let epoch: number | undefined = 1000;
    await start(() => (epoch === undefined ? undefined : { epoch }));
    const router = await speak();
    expect(await router?.pulse(MAPPING)).toBe('kept');
    epoch = 3;
    expect(await router?.pulse(MAPPING)).toBe('lost');
    expect(await router?.pulse(MAPPING)).toBe('kept');
    epoch = undefined;
    expect(await router?.pulse(MAPPING)).toBe('silent');
    expect(await router?.map(MAPPING, 120)).toMatchObject({ is: 'silent' });
    expect(await router?.unmap(MAPPING)).toBe('silent');
  });

  it.each([1, 2, 3, 5])('is not for a router whose first answer is the result %i', async (result) => {
    await start(() => ({ result }));
    expect(await speak()).toBeUndefined();
  });

  it('asks again until there is an answer', async () => {
    let times = 0;
    await start(() => {
      times += 1;
      return times < 3 ? undefined : {};
    });
    expect(await speak()).toMatchObject({ protocol: 'pcp' });
    expect(times).toBe(3);
  });
});
