import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PortsState, PortWish } from '../../../src/agent/declared.ts';
import type { HostNetwork } from '../../../src/agent/network.ts';
import { keepPorts, type Ports, type PortsPlaces } from '../../../src/agent/ports/keep.ts';
import { waitForPorts, waitUntilGone } from '../../../src/agent/ports/wait.ts';
import type { Mapping, Router } from '../../../src/router/router.ts';

/** An address that this machine really has: the keeper notices when it goes. */
const OWN = '127.0.0.1';
const GATEWAY = '192.168.1.1';

/** A router that does as it is told; what it has is by port and protocol. */
class PlayedRouter {
  readonly has = new Map<string, string>();
  readonly asked: string[] = [];
  isSilent = false;
  refuses = false;
  keepsAll = false;
  lifetime = 3600;

  speak(hostAddress: string): Router {
    const key = ({ externalPort, protocol }: Mapping) => `${externalPort}/${protocol}`;
    return {
      protocol: 'pcp',
      address: GATEWAY,
      hostAddress,
      lease: 3600,
      externalAddress: async () => (this.isSilent ? undefined : '203.0.113.9'),
      map: async (mapping) => {
        this.asked.push(`map ${key(mapping)}`);
        if (this.isSilent) return { is: 'silent', detail: 'it says nothing.' };
        if (this.refuses) return { is: 'refused', detail: 'it won’t.' };
        const by = this.has.get(key(mapping));
        if (by !== undefined && by !== hostAddress) return { is: 'taken', by, detail: `it leads to ${by}.` };
        this.has.set(key(mapping), hostAddress);
        return { is: 'mapped', lifetime: this.lifetime };
      },
      unmap: async (mapping) => {
        this.asked.push(`unmap ${key(mapping)}`);
        if (this.isSilent) return 'silent';
        if (this.keepsAll) return 'refused';
        if (this.has.get(key(mapping)) === hostAddress) this.has.delete(key(mapping));
        return 'gone';
      },
      pulse: async (one) => {
        if (this.isSilent) return 'silent';
        return this.has.get(key(one)) === hostAddress ? 'kept' : 'lost';
      },
      close: () => undefined,
    };
  }
}

let folder: string;
let places: PortsPlaces;
let router: PlayedRouter;
let network: HostNetwork;
let kept: Ports | undefined;
let said: string[];
let outside: number;
let hearing: { readonly from: string; readonly at: string; readonly heard: () => void }[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hostwright-ports-'));
  places = {
    declarations: join(folder, 'ports.d'),
    state: join(folder, 'state', 'ports.json'),
    ledger: join(folder, 'state', 'ledger.json'),
    secret: join(folder, 'state', 'secret'),
  };
  mkdirSync(places.declarations);
  router = new PlayedRouter();
  network = { gateway: GATEWAY, address: OWN };
  said = [];
  outside = 0;
  hearing = [];
});
afterEach(() => {
  kept?.stop();
  kept = undefined;
  rmSync(folder, { recursive: true });
});

const declare = (role: string, ...ports: readonly PortWish[]): void =>
  writeFileSync(join(places.declarations, `${role}.json`), JSON.stringify({ format: 1, role, ports }));
const https: PortWish = { name: 'https', protocol: 'tcp', port: 443 };

function keep(more: { readonly finds?: boolean; readonly wantsAddress?: boolean } = {}): Ports {
  kept = keepPorts({
    find: async ({ hostAddress }) =>
      more.finds === false || router.isSilent ? undefined : router.speak(hostAddress),
    network: async () => network,
    hear: ({ address, hostAddress }, heard) => {
      hearing.push({ from: address, at: hostAddress, heard });
      return () => hearing.splice(0);
    },
    wantsAddress: async () => more.wantsAddress ?? false,
    outsideChanged: () => {
      outside += 1;
    },
    tell: (text) => said.push(text),
    places,
    // Nothing happens by the clock: the tests look.
    pace: 1000,
  });
  return kept;
}
const state = (): PortsState => JSON.parse(readFileSync(places.state, 'utf8'));
const verdicts = (): readonly string[] => state().ports.map(({ verdict }) => verdict.state);

describe('ports that are kept up', () => {
  it('are mapped, told with the router’s address outside, and told once', async () => {
    declare('blog', https, { name: 'http', protocol: 'tcp', port: 80 });
    const ports = keep();
    await ports.look();
    expect([...router.has.keys()].sort()).toEqual(['443/tcp', '80/tcp']);
    expect(state()).toMatchObject({ externalAddress: '203.0.113.9', address: OWN, router: GATEWAY });
    expect(outside).toBe(1);
    expect(said).toHaveLength(2);
    await ports.look();
    expect(router.asked).toEqual(['map 443/tcp', 'map 80/tcp']);
    expect(said).toHaveLength(2);
    expect(await waitForPorts(places, 1, 'blog')).toEqual({
      isWell: true,
      lines: [
        'https 443/tcp: the router 192.168.1.1 passes it on (PCP)',
        'http 80/tcp: the router 192.168.1.1 passes it on (PCP)',
      ],
    });
  });

  it('are renewed at a third of the lease', async () => {
    declare('blog', https);
    router.lifetime = 0.3;
    const ports = keep();
    await ports.look();
    await new Promise((resolve) => setTimeout(resolve, 150));
    await ports.look();
    expect(router.asked).toEqual(['map 443/tcp', 'map 443/tcp']);
  });

  it('are mapped again after the router has forgotten them', async () => {
    declare('blog', https);
    const ports = keep();
    await ports.look();
    router.has.clear();
    await ports.look();
    expect(router.has.get('443/tcp')).toBe(OWN);
  });

  it('are asked for of a router that was silent for a while', async () => {
    declare('blog', https);
    const ports = keep();
    await ports.look();
    router.isSilent = true;
    for (let look = 0; look < 4; look += 1) await ports.look();
    expect(verdicts()).toEqual(['no-router']);
    router.isSilent = false;
    router.has.clear();
    ports.changed();
    await ports.look();
    expect(router.has.get('443/tcp')).toBe(OWN);
    expect(verdicts()).toEqual(['mapped']);
  });

  it('lead to the new address after a change, once the old mapping has ended', async () => {
    declare('blog', https);
    const ports = keep();
    await ports.look();
    network = { gateway: GATEWAY, address: '10.9.9.9' };
    ports.changed();
    await ports.look();
    expect(state().ports[0]?.verdict).toMatchObject({ state: 'taken', by: OWN });
    router.has.clear();
    // It is asked for again soon, and not only after minutes.
    await new Promise((resolve) => setTimeout(resolve, 5_100));
    await ports.look();
    expect(router.has.get('443/tcp')).toBe('10.9.9.9');
  });

  it('that another machine has are named and left alone', async () => {
    declare('blog', https);
    router.has.set('443/tcp', '192.168.1.9');
    await keep().look();
    expect(router.has.get('443/tcp')).toBe('192.168.1.9');
    expect(state().ports[0]?.verdict).toMatchObject({ state: 'taken', by: '192.168.1.9' });
    const { isWell, lines } = await waitForPorts(places, 1);
    expect(isWell).toBe(false);
    expect(lines[0]).toContain('passes it on to 192.168.1.9 already, which is left alone');
    // Nothing is taken back either once nobody wants it any more.
    rmSync(join(places.declarations, 'blog.json'));
    await kept?.look();
    expect(router.asked.filter((one) => one.startsWith('unmap'))).toEqual([]);
  });

  it('are taken back when nobody declares them any more, also by an agent that was started anew', async () => {
    declare('blog', https);
    declare('game', { name: 'game', protocol: 'udp', port: 27_015, lastPort: 27_017 });
    await keep().look();
    kept?.stop();
    expect([...router.has.keys()]).toEqual(['443/tcp', '27015/udp', '27016/udp', '27017/udp']);
    rmSync(join(places.declarations, 'game.json'));
    expect(await waitUntilGone(places, 0)).toEqual(['27015/udp', '27016/udp', '27017/udp']);
    await keep().look();
    expect([...router.has.keys()]).toEqual(['443/tcp']);
    expect(await waitUntilGone(places, 0)).toEqual([]);
  });

  it('that the router won’t take back do not hold up the others', async () => {
    declare('blog', https);
    declare('game', { name: 'game', protocol: 'udp', port: 27_015 });
    await keep().look();
    router.keepsAll = true;
    rmSync(join(places.declarations, 'blog.json'));
    declare('wiki', { name: 'http', protocol: 'tcp', port: 80 });
    for (let look = 0; look < 3; look += 1) await kept?.look();
    expect(router.has.get('80/tcp')).toBe(OWN);
    expect(verdicts()).toEqual(['mapped', 'mapped']);
    expect(said.filter((text) => text.includes('refuses to take it back'))).toHaveLength(1);
    expect(await waitUntilGone(places, 0)).toEqual([]);
  });

  it('are looked after as soon as a declaration changes, also in a folder that was made anew', async () => {
    const ports = keep();
    await ports.look();
    rmSync(places.declarations, { recursive: true });
    await ports.look();
    mkdirSync(places.declarations);
    await ports.look();
    declare('blog', https);
    expect(await waitForPorts(places, 5, 'blog')).toMatchObject({ isWell: true });
  });

  it('are mapped again as soon as the router says that it has started, wherever the host is by then', async () => {
    declare('blog', https);
    router.isSilent = true;
    const ports = keep();
    await ports.look();
    expect(verdicts()).toEqual(['no-router']);
    expect(hearing).toMatchObject([{ from: GATEWAY, at: OWN }]);
    router.isSilent = false;
    hearing[0]?.heard();
    await expect.poll(verdicts, { timeout: 5_000 }).toEqual(['mapped']);
    network = { gateway: '192.168.9.1', address: OWN };
    ports.changed();
    await ports.look();
    expect(hearing).toMatchObject([{ from: '192.168.9.1', at: OWN }]);
    ports.stop();
    expect(hearing).toEqual([]);
  });

  it('are looked at anew when the clock was set back', async () => {
    declare('blog', https);
    const ports = keep();
    await ports.look();
    const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now() - 86_400_000);
    await ports.look();
    clock.mockRestore();
    expect(router.asked).toEqual(['map 443/tcp', 'map 443/tcp']);
  });

  it('are asked for at the gateway of the present, though nobody told of its change', async () => {
    declare('blog', https);
    network = { gateway: '192.168.9.1', address: OWN };
    const asked: string[] = [];
    kept = keepPorts({
      find: async ({ address }) => {
        asked.push(address);
        return undefined;
      },
      network: async () => network,
      hear: () => () => undefined,
      wantsAddress: async () => false,
      outsideChanged: () => undefined,
      tell: () => undefined,
      places,
      pace: 1000,
    });
    await kept.look();
    network = { gateway: GATEWAY, address: OWN };
    // Another declaration has the router searched for at once.
    declare('wiki', { name: 'http', protocol: 'tcp', port: 80 });
    await kept.look();
    expect(asked).toEqual(['192.168.9.1', GATEWAY]);
  });

  it.each([
    ['a port that is nothing', { ports: [null] }],
    [
      'a port without a verdict',
      { ports: [{ role: 'blog', name: 'https', protocol: 'tcp', externalPort: 443 }] },
    ],
    ['another format', { format: 99 }],
  ])('are not known from a state with %s', async (_, damage) => {
    declare('blog', https);
    await keep().look();
    kept?.stop();
    writeFileSync(places.state, JSON.stringify({ ...state(), ...damage }));
    for (const seconds of [0, Number.NaN])
      expect(await waitForPorts(places, seconds)).toMatchObject({
        isWell: false,
        lines: [expect.any(String)],
      });
  });

  it('need no router where the host has an address of the internet', async () => {
    declare('blog', https);
    network = { gateway: '8.8.8.1', address: '8.8.8.8' };
    await keep().look();
    expect(verdicts()).toEqual(['not-needed']);
    expect(router.asked).toEqual([]);
  });

  it('say so when no router answers, and when there is none', async () => {
    declare('blog', https);
    await keep({ finds: false }).look();
    expect(state().ports[0]?.verdict).toMatchObject({ state: 'no-router' });
    kept?.stop();
    network = {};
    await keep().look();
    expect(JSON.stringify(state().ports[0]?.verdict)).toContain('no default route');
  });

  it('of two roles are one mapping, and two that disagree are told', async () => {
    declare('blog', https);
    declare('wiki', https);
    declare('worse', { ...https, port: 444, externalPort: 443 });
    await keep().look();
    expect(verdicts().filter((one) => one === 'refused').length).toBeGreaterThan(0);
    expect(router.has.size).toBe(1);
  });

  it('are none without a declaration: nobody is asked, unless for the address outside', async () => {
    await keep().look();
    expect(state().ports).toEqual([]);
    expect(state().externalAddress).toBeUndefined();
    kept?.stop();
    await keep({ wantsAddress: true }).look();
    expect(state().externalAddress).toBe('203.0.113.9');
  });

  it('survive damaged files', async () => {
    declare('blog', https);
    writeFileSync(join(places.declarations, 'bad.json'), '{"format":1,"ports":[{"port":"all"}]}');
    writeFileSync(join(places.declarations, 'worse.json'), 'x'.repeat(100_000));
    mkdirSync(join(folder, 'state'));
    for (const path of [places.state, places.ledger, places.secret]) writeFileSync(path, '[{"]');
    await keep().look();
    expect(router.has.get('443/tcp')).toBe(OWN);
    expect(said.filter((text) => text.includes('is no declaration'))).toHaveLength(2);
  });

  it('are looked after as soon as a declaration changes', async () => {
    declare('blog', https);
    await keep().look();
    declare('wiki', { name: 'http', protocol: 'tcp', port: 80 });
    const { isWell } = await waitForPorts(places, 5, 'wiki');
    expect(isWell).toBe(true);
  });
});
