import { networkInterfaces } from 'node:os';
import type { Router } from '../../router/router.ts';
import { isOutside } from '../ddns/addresses.ts';
import type { PortVerdict } from '../declared.ts';
import type { HostNetwork } from '../network.ts';
import { type DeclaredPorts, readPortDeclarations, type SinglePort } from './declared.ts';
import type { PortsSurroundings } from './keep.ts';
import { type Entry, keyOf, readLedger, readSecret, writeLedger } from './ledger.ts';
import { report, verdictOf } from './report.ts';
import { type Standing, standingAfter } from './standing.ts';

/** Milliseconds: between looks at a router that has mappings; at most, with nothing to do; for the address outside. */
const PULSE = 15_000;
const IDLE = 10 * 60_000;
const OUTSIDE = 60_000;
/** Milliseconds: a router that says nothing; searches for one, first and at most. */
const SILENT = 3_000;
const SEARCH = 5_000;
const LONGEST_SEARCH = 30_000;
/** Looks without an answer until the router is searched for anew. */
const PATIENCE = 2;
/** Milliseconds for which a port may still lead to the address that this host had before. */
const FORMER = 150_000;

/** More ports than were wanted when the router was found are renewed less often; seconds. */
const MANY = 12;
const LONGER = 120;

/** Mappings of this host, from one look to the next. */
export class KeptPorts {
  readonly #around: PortsSurroundings;
  #network: HostNetwork | undefined;
  #router: Router | undefined;
  #ledger: Map<string, Entry> | undefined;
  #standings = new Map<string, Standing>();
  #declared: string | undefined;
  #written: string | undefined;
  #outside: { readonly address: string | undefined; readonly at: number } | undefined;
  #movedAt: number | undefined;
  #silences = 0;
  #searches = 0;
  #searchAt = 0;
  #lookedAt = 0;

  constructor(around: PortsSurroundings) {
    this.#around = around;
  }

  /** Addresses or routes may have changed: they are read again, and a router is searched for without waiting. */
  networkChanged(): void {
    this.#network = undefined;
    this.#searchAt = 0;
  }

  /** The router has told everyone that it is there: it is searched for without waiting. */
  routerHeard(): void {
    this.#searchAt = 0;
    this.#searches = 0;
  }

  close(): void {
    this.#router?.close();
  }

  /** Looks at everything, and does what is due. Gives the milliseconds until the next look. */
  async pass(): Promise<number> {
    const { places, tell, wantsAddress } = this.#around;
    this.#watchClock();
    const declared = await readPortDeclarations(places.declarations, tell);
    if (declared.digest !== this.#declared) this.#searchAt = 0;
    this.#declared = declared.digest;
    this.#ledger ??= await readLedger(places.ledger);
    if (declared.ports.length === 0 && this.#ledger.size === 0 && !(await wantsAddress())) {
      this.#router?.close();
      this.#router = undefined;
      this.#standings.clear();
      await this.#write(declared);
      return IDLE;
    }
    const network = await this.#look();
    if (network.address !== undefined && isOutside(network.address)) {
      await this.#settle(declared, { state: 'not-needed' });
      return IDLE;
    }
    const router = await this.#find(network, declared);
    if (!router) {
      await this.#settle(declared, {
        state: 'no-router',
        detail:
          network.gateway === undefined
            ? 'This host has no router (no default route).'
            : `The router ${network.gateway} answers neither UPnP nor NAT-PMP nor PCP.`,
      });
      // It may be another network by now, though nobody has told so.
      this.#network = undefined;
      // Without a way out there is nothing to search.
      const isOut = network.gateway !== undefined && network.address !== undefined;
      return isOut ? Math.max(1_000, this.#searchAt - Date.now()) : PULSE;
    }
    const isWell = await this.#serve(router, declared);
    await this.#write(declared, network);
    return isWell ? this.#nextLook() : SILENT;
  }

  /** A clock that was set back would put everything off that is due: all is looked at now. */
  #watchClock(): void {
    const now = Date.now();
    if (now < this.#lookedAt) {
      this.#standings.clear();
      this.#outside = undefined;
      this.#movedAt = undefined;
      this.#searchAt = 0;
    }
    this.#lookedAt = now;
  }

  /** The network as it is; asked of the kernel only when there is reason to. */
  async #look(): Promise<HostNetwork> {
    const known = this.#network;
    const isStill = known?.address !== undefined && hasAddress(known.address);
    if (known && (isStill || known.address === undefined)) return known;
    const network = await this.#around.network();
    const router = this.#router;
    if (router && (router.hostAddress !== network.address || router.address !== network.gateway)) {
      router.close();
      this.#router = undefined;
      this.#standings.clear();
      this.#searchAt = 0;
      this.#searches = 0;
      this.#movedAt = Date.now();
    }
    this.#network = network;
    return network;
  }

  async #find({ gateway, address }: HostNetwork, { ports }: DeclaredPorts): Promise<Router | undefined> {
    if (this.#router || gateway === undefined || address === undefined) return this.#router;
    if (Date.now() < this.#searchAt) return undefined;
    const secret = await readSecret(this.#around.places.secret);
    const found = await this.#around.find(
      { address: gateway, hostAddress: address },
      { ports: ports.length, secret },
    );
    this.#router = found;
    this.#silences = 0;
    this.#standings.clear();
    this.#searches = found ? 0 : this.#searches + 1;
    this.#searchAt = Date.now() + Math.min(LONGEST_SEARCH, SEARCH * 2 ** Math.min(this.#searches - 1, 8));
    const former = [...(this.#ledger?.values() ?? [])].some(({ hostAddress }) => hostAddress !== address);
    if (found && former) this.#movedAt = Date.now();
    return found;
  }

  /** Pulse, then what is due. False when the router has gone silent. */
  async #serve(router: Router, { ports }: DeclaredPorts): Promise<boolean> {
    const wanted = new Map(ports.map((port) => [keyOf(port), port]));
    const mapped = [...wanted].find(([key]) => this.#standings.get(key)?.verdict.state === 'mapped')?.[1];
    if (mapped) {
      const pulse = await router.pulse(mapped);
      if (pulse === 'silent') return this.#silent(router);
      if (pulse === 'lost') this.#standings.clear();
    }
    await this.#askOutside(router);
    if (!(await this.#takeBack(router, wanted))) return this.#silent(router);
    const lease = wanted.size > MANY ? Math.max(router.lease, LONGER) : router.lease;
    for (const [key, port] of wanted) {
      const standing = this.#standings.get(key);
      if (standing && standing.due > Date.now()) continue;
      if (!(await this.#map(router, key, port, lease))) return this.#silent(router);
    }
    for (const key of this.#standings.keys()) if (!wanted.has(key)) this.#standings.delete(key);
    this.#silences = 0;
    return true;
  }

  async #map(router: Router, key: string, port: SinglePort, lease: number): Promise<boolean> {
    await this.#note(key, {
      protocol: port.protocol,
      port: port.port,
      externalPort: port.externalPort,
      hostAddress: router.hostAddress,
      gateway: router.address,
    });
    const outcome = await router.map(port, lease);
    if (outcome.is === 'silent') return false;
    if (outcome.is !== 'mapped') await this.#note(key, undefined);
    const now = Date.now();
    const recently = this.#movedAt !== undefined && now - this.#movedAt < FORMER;
    this.#standings.set(key, standingAfter(outcome, this.#standings.get(key) ?? {}, { now, recently }));
    return true;
  }

  /** What is ours and nobody declares any more. What leads to a former address is not ours to take back, and ends by itself. */
  async #takeBack(router: Router, wanted: ReadonlyMap<string, SinglePort>): Promise<boolean> {
    for (const [key, entry] of this.#ledger ?? []) {
      if (wanted.get(key)?.port === entry.port) continue;
      if (entry.hostAddress === router.hostAddress && entry.gateway === router.address) {
        const is = await router.unmap(entry);
        if (is === 'silent') return false;
        const text =
          is === 'gone'
            ? 'the router does not pass it on any more.'
            : 'the router refuses to take it back; it ends with its lease, or on the router’s page.';
        this.#around.tell(`${key}: ${text}`);
      }
      await this.#note(key, undefined);
    }
    return true;
  }

  #silent(router: Router): boolean {
    this.#silences += 1;
    if (this.#silences >= PATIENCE) {
      router.close();
      this.#router = undefined;
      this.#silences = 0;
      this.#searchAt = 0;
    }
    return false;
  }

  async #askOutside(router: Router): Promise<void> {
    const now = Date.now();
    if (this.#outside?.address !== undefined && now - this.#outside.at < OUTSIDE) return;
    const address = await router.externalAddress();
    const before = this.#outside?.address;
    if (address === undefined && before !== undefined) return;
    this.#outside = { address, at: now };
  }

  async #note(key: string, entry: Entry | undefined): Promise<void> {
    const ledger = this.#ledger ?? new Map<string, Entry>();
    const before = JSON.stringify(ledger.get(key));
    if (before === JSON.stringify(entry)) return;
    if (entry) ledger.set(key, entry);
    else ledger.delete(key);
    this.#ledger = ledger;
    await writeLedger(this.#around.places.ledger, ledger);
  }

  /** The same for all ports. */
  async #settle(declared: DeclaredPorts, verdict: PortVerdict): Promise<void> {
    this.#standings = new Map(declared.ports.map((port) => [keyOf(port), { verdict, due: 0, failures: 0 }]));
    await this.#write(declared, this.#network);
    this.#standings.clear();
  }

  async #write({ ports, digest }: DeclaredPorts, network: HostNetwork = {}): Promise<void> {
    const { places, tell, outsideChanged } = this.#around;
    const router = this.#router;
    const before = this.#written;
    this.#written = await report(
      { path: places.state, tell },
      {
        digest,
        network,
        ...(router ? { protocol: router.protocol } : {}),
        externalAddress: router ? this.#outside?.address : undefined,
        ports: ports.map((port) => ({ ...port, verdict: verdictOf(port, ports, this.#standings) })),
      },
      before,
    );
    if (this.#written !== before) outsideChanged();
  }

  #nextLook(): number {
    const now = Date.now();
    const dues = [...this.#standings.values()].map(({ due }) => due - now);
    return Math.max(500, Math.min(PULSE, ...dues));
  }
}

/** Cheap, unlike asking iproute2. */
function hasAddress(address: string): boolean {
  return Object.values(networkInterfaces()).some((infos) => infos?.some((info) => info.address === address));
}
