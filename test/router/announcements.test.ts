import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { GROUPS, hearRouter } from '../../src/router/announcements.ts';

/** This machine stands for the router, and hears itself: nothing leaves it. */
const OWN = '127.0.0.1';
const SEARCH = ['NOTIFY * HTTP/1.1', 'HOST: 239.255.255.250:1900', 'NTS: ssdp:alive'];
const lines = (...more: readonly string[]) => Buffer.from(`${[...SEARCH, ...more].join('\r\n')}\r\n\r\n`);
const ROUTER = lines('NT: urn:schemas-upnp-org:device:InternetGatewayDevice:1');
const ADDRESS = Buffer.from('0080000000000001cb007102', 'hex');
const PCP = Buffer.concat([Buffer.from('0280', 'hex'), Buffer.alloc(22)]);

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** What is heard of messages, each to the port of its group, on ports that no router uses. */
async function heardOf(
  messages: readonly { readonly group: number; readonly message: Buffer }[],
  address = OWN,
): Promise<number> {
  const sender = createSocket('udp4');
  stops.push(() => sender.close());
  sender.bind(0, OWN);
  await once(sender, 'listening');
  sender.setMulticastInterface(OWN);
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  let count = 0;
  const groups = GROUPS.map(({ address: group, means }, index) => ({
    address: group,
    port: port + index,
    means,
  }));
  stops.push(hearRouter({ address, hostAddress: OWN }, () => (count += 1), groups));
  await new Promise((resolve) => setTimeout(resolve, 100));
  for (const { group, message } of messages)
    await new Promise((resolve) =>
      sender.send(message, port + group, groups[group]?.address, () => resolve(undefined)),
    );
  await new Promise((resolve) => setTimeout(resolve, 200));
  return count;
}

describe('a router that speaks to everyone', () => {
  it.each([
    ['NAT-PMP', 0, ADDRESS],
    ['PCP', 0, PCP],
    ['UPnP', 1, ROUTER],
  ])('is heard by %s', async (_, group, message) => {
    expect(await heardOf([{ group, message }])).toBe(1);
  });

  it('is heard once where it repeats itself', async () => {
    const burst = Array.from({ length: 50 }, () => ({ group: 1, message: ROUTER }));
    expect(await heardOf([...burst, { group: 0, message: ADDRESS }])).toBe(1);
  });

  it.each([
    ['another device', [{ group: 1, message: lines('NT: urn:schemas-upnp-org:device:MediaServer:1') }]],
    ['one that leaves', [{ group: 1, message: Buffer.from(ROUTER.toString().replace('alive', 'byebye')) }]],
    ['a search', [{ group: 1, message: Buffer.from(ROUTER.toString().replace('NOTIFY', 'M-SEARCH')) }]],
    ['a request', [{ group: 0, message: Buffer.from('000000000000000000000000', 'hex') }]],
    ['nothing', [{ group: 0, message: Buffer.alloc(0) }]],
    ['far too much', [{ group: 1, message: Buffer.concat([ROUTER, Buffer.alloc(3000)]) }]],
  ])('is not %s', async (_, messages) => {
    expect(await heardOf(messages)).toBe(0);
  });

  it('is the gateway, and nobody else', async () => {
    expect(await heardOf([{ group: 1, message: ROUTER }], '192.168.1.1')).toBe(0);
  });
});
