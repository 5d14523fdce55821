import { afterEach, describe, expect, it } from 'vitest';
import { natPmp } from '../../src/router/nat-pmp.ts';
import { natPmpAnswer, type PcpSays } from './support/messages.ts';
import { GATEWAY, type UdpServer, udpServer } from './support/udp.ts';

const MAPPING = { protocol: 'udp', port: 8080, externalPort: 80 } as const;
const patience = { first: 20, total: 120 };

describe('NAT-PMP', () => {
  let server: UdpServer;
  afterEach(() => server.close());
  const start = async (says: (opcode: number) => PcpSays | undefined) => {
    server = await udpServer((message) => {
      const answer = says(message[1] ?? 0);
      return answer ? [natPmpAnswer(message, answer)] : [];
    });
    return natPmp(GATEWAY, { port: server.port, patience, lease: 120 });
  };

  it('maps and takes back', async () => {
    const router = await start(() => ({}));
    expect(await router?.map(MAPPING, 120)).toEqual({ is: 'mapped', lifetime: 120 });
    expect(await router?.externalAddress()).toBe('203.0.113.9');
    expect(await router?.unmap(MAPPING)).toBe('gone');
    const hex = server.asked.map((message) => message.toString('hex'));
    expect(hex).toEqual(['0000', '000100001f90005000000078', '0000', '000100001f90000000000000']);
  });

  it('gives back another port than the one it asked for', async () => {
    const router = await start(() => ({ externalPort: 4444 }));
    expect(await router?.map(MAPPING, 120)).toEqual({
      is: 'taken',
      detail: 'it offers port 4444 instead.',
    });
    expect(server.asked.at(-1)?.toString('hex')).toBe('000100001f90000000000000');
  });

  it.each([2, 3, 4, 77])('reads the result %i as a refusal', async (result) => {
    const router = await start((opcode) => (opcode === 0 ? {} : { result }));
    expect(await router?.map(MAPPING, 120)).toMatchObject({ is: 'refused' });
  });

  it('is not for a router that has it switched off', async () => {
    expect(await start(() => ({ result: 2 }))).toBeUndefined();
  });

  it('notices that the router has restarted, once, and that it is silent', async () => {
    let epoch: number | undefined = 1000;
    const router = await start(() => (epoch === undefined ? undefined : { epoch }));
    expect(await router?.pulse(MAPPING)).toBe('kept');
    epoch = 1;
    expect(await router?.pulse(MAPPING)).toBe('lost');
    expect(await router?.pulse(MAPPING)).toBe('kept');
    epoch = undefined;
    expect(await router?.pulse(MAPPING)).toBe('silent');
  });
});
