/** What a home router can be asked for, whichever of its protocols is spoken. */

export type Protocol = 'tcp' | 'udp';

/** Which of a router's protocols: PCP (RFC 6887), NAT-PMP (RFC 6886), UPnP IGD version 1 or 2. */
export type RouterProtocol = 'pcp' | 'nat-pmp' | 'upnp-igd1' | 'upnp-igd2';

/** One port that the router has to pass on to this host. Ranges are asked for port by port: no protocol here knows them. */
export interface Mapping {
  readonly protocol: Protocol;
  /** On this host. */
  readonly port: number;
  /** On the router's outside. */
  readonly externalPort: number;
}

/** What became of a mapping that was asked for. */
export type MapOutcome =
  /** `lifetime` in seconds; 0: until the router forgets it (a UPnP IGD 1 that knows permanent leases only). */
  | { readonly is: 'mapped'; readonly lifetime: number }
  /** Another machine has that port outside; `by` its address, where the router tells it. Nothing was changed. */
  | { readonly is: 'taken'; readonly by?: string; readonly detail: string }
  /** The router answers and won't. */
  | { readonly is: 'refused'; readonly detail: string }
  /** No valid answer in time. */
  | { readonly is: 'silent'; readonly detail: string };

/** A router that was found, and answers one protocol. Methods never reject: what goes wrong is an outcome. */
export interface Router {
  readonly protocol: RouterProtocol;
  /** The gateway's own address, the only one that is spoken to and believed. */
  readonly address: string;
  /** The host's address that mappings lead to: the one that the gateway is spoken to from. */
  readonly hostAddress: string;
  /**
   * Lifetime to ask for; seconds. Short where renewing costs little: a mapping to an address that this host has no more is
   * nobody's to take back, and has to end by itself before the new one can be made.
   */
  readonly lease: number;
  /** IPv4 outside; undefined: it does not tell. Plain validated text. */
  externalAddress(): Promise<string | undefined>;
  /**
   * Asks for a mapping, or for its renewal. Never takes one over that leads to another machine.
   * @param lifetime seconds
   */
  map(mapping: Mapping, lifetime: number): Promise<MapOutcome>;
  /**
   * Takes a mapping of this host back; `gone` also where it was gone already. `refused`: the router answers and won't; it ends with its
   * lease. `silent`: no answer.
   */
  unmap(mapping: Mapping): Promise<'gone' | 'refused' | 'silent'>;
  /**
   * Cheap: whether the router is the one that made those mappings and still has them, by its epoch (RFC 6886 3.6, RFC 6887 8.5)
   * or, with UPnP, by asking for one of them. `lost`: they have to be made again. `silent`: no answer at present.
   */
  pulse(one: Mapping): Promise<'kept' | 'lost' | 'silent'>;
  /** Closes sockets. */
  close(): void;
}

/** Where to look for a router. */
export interface Gateway {
  /** IPv4 of the default route's gateway. */
  readonly address: string;
  /** The host's own IPv4 on that interface. */
  readonly hostAddress: string;
}
