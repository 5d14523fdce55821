import { afterEach, describe, expect, it } from 'vitest';
import { igd } from '../../../src/router/upnp/igd.ts';
import { type Behaviour, description, igdServer, soapDone } from '../support/igd.ts';
import { ssdpAnswer, ssdpServer } from '../support/ssdp.ts';
import { GATEWAY } from '../support/udp.ts';

const MAPPING = { protocol: 'tcp', port: 8080, externalPort: 80 } as const;
const OURS = { client: GATEWAY.hostAddress, port: '8080', lease: '45' };
const THEIRS = { client: '127.0.0.77', port: '80', lease: '0' };

describe('UPnP', () => {
  const open: { close(): void }[] = [];
  afterEach(() => {
    for (const one of open.splice(0)) one.close();
  });
  async function start(behave?: Behaviour, page?: string) {
    const server = await igdServer(behave, page);
    const ssdp = await ssdpServer([ssdpAnswer(`http://${GATEWAY.address}:${server.port}/description.xml`)]);
    open.push(server, ssdp);
    const manner = { search: 400, find: 800, request: 400, lease: 45, ssdpPort: ssdp.port };
    return { server, router: await igd(GATEWAY, manner) };
  }
  const actions = (server: { requests: readonly { action: string }[] }) =>
    server.requests.map(({ action }) => action).filter((action) => action !== '');

  it('maps, renews and takes back, after having asked who has the port', async () => {
    const { server, router } = await start();
    expect(router).toMatchObject({ protocol: 'upnp-igd1', lease: 45 });
    expect(await router?.externalAddress()).toBe('203.0.113.9');
    expect(await router?.map(MAPPING, 45)).toEqual({ is: 'mapped', lifetime: 45 });
    expect(server.entries.get('80/TCP')).toEqual(OURS);
    expect(await router?.pulse(MAPPING)).toBe('kept');
    expect(await router?.map(MAPPING, 45)).toEqual({ is: 'mapped', lifetime: 45 });
    expect(await router?.unmap(MAPPING)).toBe('gone');
    expect(server.entries.size).toBe(0);
    expect(await router?.pulse(MAPPING)).toBe('lost');
    expect(await router?.unmap(MAPPING)).toBe('gone');
    expect(actions(server).filter((action) => action === 'DeletePortMapping')).toHaveLength(1);
  });

  it('leaves alone what another machine has', async () => {
    const { server, router } = await start();
    server.entries.set('80/TCP', THEIRS);
    expect(await router?.map(MAPPING, 45)).toEqual({
      is: 'taken',
      by: '127.0.0.77',
      detail: 'it leads to 127.0.0.77, port 80.',
    });
    expect(await router?.unmap(MAPPING)).toBe('gone');
    expect(await router?.pulse(MAPPING)).toBe('lost');
    expect(server.entries.get('80/TCP')).toBe(THEIRS);
    expect(actions(server)).not.toContain('AddPortMapping');
    expect(actions(server)).not.toContain('DeletePortMapping');
  });

  it('is content with leases for good where the router has no others', async () => {
    const { server, router } = await start((action, body) =>
      action === 'AddPortMapping' && !body.includes('<NewLeaseDuration>0<') ? 725 : undefined,
    );
    expect(await router?.map(MAPPING, 45)).toEqual({ is: 'mapped', lifetime: 0 });
    expect(server.entries.get('80/TCP')?.lease).toBe('0');
  });

  it.each([
    [718, 'taken'],
    [729, 'taken'],
    [501, 'refused'],
    [606, 'refused'],
    [728, 'refused'],
  ])('reads the error %i as %s', async (code, is) => {
    const { router } = await start((action) => (action === 'AddPortMapping' ? code : undefined));
    expect(await router?.map(MAPPING, 45)).toMatchObject({ is });
  });

  it('asks for nothing where the router does not tell it who has the port', async () => {
    const { server, router } = await start((action) =>
      action === 'GetSpecificPortMappingEntry' ? 606 : undefined,
    );
    expect(await router?.map(MAPPING, 45)).toMatchObject({ is: 'refused' });
    expect(await router?.unmap(MAPPING)).toBe('refused');
    expect(server.entries.size).toBe(0);
  });

  it.each([
    ['does nothing', {}, 'refused'],
    ['makes it lead elsewhere', { NewInternalClient: '127.0.0.77' }, 'taken'],
    ['makes it lead to another port', { NewInternalPort: 22 }, 'taken'],
    ['keeps it off', { NewEnabled: 0 }, 'refused'],
    ['tells nonsense', { NewInternalClient: 'localhost' }, 'silent'],
  ])('does not believe a router that says yes and %s', async (_, lies, is) => {
    let asked = 0;
    const { router } = await start((action) => {
      if (action === 'AddPortMapping') return soapDone(action, {});
      if (action !== 'GetSpecificPortMappingEntry') return undefined;
      asked += 1;
      if (asked === 1 || Object.keys(lies).length === 0) return 714;
      const entry = { NewInternalClient: GATEWAY.hostAddress, NewInternalPort: 8080, NewEnabled: 1 };
      return soapDone(action, { ...entry, NewLeaseDuration: 45, ...lies });
    });
    expect(await router?.map(MAPPING, 45)).toMatchObject({ is });
  });

  it('speaks to the newest service that there is', async () => {
    const type = 'urn:schemas-upnp-org:service:WANIPConnection:2';
    expect((await start(undefined, description({ type }))).router?.protocol).toBe('upnp-igd2');
  });

  it('is not for what maps no ports', async () => {
    const type = 'urn:schemas-upnp-org:service:ContentDirectory:1';
    expect((await start(undefined, description({ type }))).router).toBeUndefined();
  });
});
