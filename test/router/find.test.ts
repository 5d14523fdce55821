import { afterEach, describe, expect, it } from 'vitest';
import { findRouter } from '../../src/router/find.ts';
import { igdServer } from './support/igd.ts';
import { natPmpAnswer, pcpAnswer } from './support/messages.ts';
import { ssdpAnswer, ssdpServer } from './support/ssdp.ts';
import { GATEWAY, SECRET, udpServer } from './support/udp.ts';

const TOTAL = 400;

describe('the router that is found', () => {
  const open: { close(): void }[] = [];
  afterEach(() => {
    for (const one of open.splice(0)) one.close();
  });

  /** `pcp`, `natPmp`: the result of their first answer. */
  async function find(
    ports: number,
    { pcp, natPmp, upnp = false }: { pcp?: number; natPmp?: number; upnp?: boolean },
  ) {
    const udp = await udpServer((message) => {
      if (message[0] === 2) return pcp === undefined ? [] : [pcpAnswer(message, { result: pcp })];
      return natPmp === undefined ? [] : [natPmpAnswer(message, { result: natPmp })];
    });
    const http = await igdServer();
    const location = `http://${GATEWAY.address}:${http.port}/description.xml`;
    const ssdp = await ssdpServer(upnp ? [ssdpAnswer(location)] : []);
    open.push(udp, http, ssdp);
    const places = { udp: udp.port, ssdp: ssdp.port, total: TOTAL };
    const began = performance.now();
    const router = await findRouter(GATEWAY, { ports, secret: SECRET, places });
    expect(performance.now() - began).toBeLessThan(TOTAL * 1.5 + 800);
    return router && { protocol: router.protocol, lease: router.lease };
  }

  it.each([
    ['UPnP for a few ports', 2, { pcp: 0, natPmp: 0, upnp: true }, 'upnp-igd1', 45],
    ['PCP for many', 50, { pcp: 0, natPmp: 0, upnp: true }, 'pcp', 120],
    ['PCP without UPnP', 2, { pcp: 0, natPmp: 0 }, 'pcp', 45],
    ['NAT-PMP where PCP has another version', 2, { pcp: 1, natPmp: 0 }, 'nat-pmp', 45],
    ['NAT-PMP where PCP is not allowed', 50, { pcp: 2, natPmp: 0, upnp: true }, 'nat-pmp', 120],
    ['UPnP where neither is', 50, { pcp: 2, natPmp: 2, upnp: true }, 'upnp-igd1', 120],
    ['PCP without announcements', 2, { pcp: 4 }, 'pcp', 45],
  ])('is asked by %s', async (_, ports, answers, protocol, lease) => {
    expect(await find(ports, answers)).toEqual({ protocol, lease });
  });

  it('is none where nothing answers, or nothing is allowed', async () => {
    expect(await find(2, {})).toBeUndefined();
    expect(await find(2, { pcp: 2, natPmp: 2 })).toBeUndefined();
  });

  it('is none for an address that this host does not have', async () => {
    const gateway = { address: GATEWAY.address, hostAddress: '192.0.2.1' };
    const places = { udp: 9, ssdp: 9, total: 200 };
    expect(await findRouter(gateway, { ports: 2, secret: SECRET, places })).toBeUndefined();
  });
});
