/**
 * What `compose` declares to the agent and what the agent tells back: the formats of the files that lie between them.
 * A declaration is root's and was validated when it was composed. A state is the agent's, and is read as a stranger's.
 */

/** The format of declarations and states that this version writes. */
export const FORMAT = 1;

/** One port, or one range of them, that the router has to pass on to this host under the same numbers. */
export interface PortWish {
  /** The endpoint's name, for people: `https`. */
  readonly name: string;
  readonly protocol: 'tcp' | 'udp';
  /** On this host. */
  readonly port: number;
  readonly lastPort?: number;
  /** On the router's outside; default: `port`. Ranges keep their numbers. */
  readonly externalPort?: number;
}

/** What one role wants the router to pass on to this host; the file is `ROLE.json`. */
export interface PortsDeclaration {
  readonly format: number;
  readonly role: string;
  readonly ports: readonly PortWish[];
}

/** How one single port stands. */
export type PortVerdict =
  /** The router passes it on. */
  | { readonly state: 'mapped'; readonly until?: string }
  /** The host has an address of the internet itself. */
  | { readonly state: 'not-needed' }
  /** Another machine has it; the router says which, where it can. */
  | { readonly state: 'taken'; readonly by?: string; readonly detail: string }
  /** The router answers and refuses. */
  | { readonly state: 'refused'; readonly detail: string }
  /** No protocol answers: it is for a person to set it up. */
  | { readonly state: 'no-router'; readonly detail: string };

export interface PortState {
  readonly role: string;
  readonly name: string;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  readonly externalPort: number;
  readonly verdict: PortVerdict;
}

export interface PortsState {
  readonly format: number;
  /** ISO 8601; when it was written. */
  readonly at: string;
  /** SHA-256 over all port declarations that this state answers: tells a verdict on them from an older one. */
  readonly declared: string;
  readonly router?: string;
  /** What the router was spoken to with; absent: nothing answered. */
  readonly protocol?: 'pcp' | 'nat-pmp' | 'upnp-igd1' | 'upnp-igd2';
  /** The host's own address that mappings lead to. */
  readonly address?: string;
  /** The router's address outside. */
  readonly externalAddress?: string;
  readonly ports: readonly PortState[];
}

/** A key for signed DNS updates (TSIG, RFC 8945). */
export interface TsigKey {
  readonly name: string;
  readonly algorithm: 'hmac-sha256' | 'hmac-sha512';
  /** Base64. */
  readonly secret: string;
}

/** How a CA is shown that a name is ours. */
export type ChallengeWay =
  | { readonly type: 'http-01' }
  | {
      /** DNS by signed updates (RFC 2136). */
      readonly type: 'dns-01';
      readonly server: string;
      readonly port: number;
      readonly key?: TsigKey;
      /** The zone that takes the update, by name to be certified; default: found by SOA queries from `_acme-challenge.NAME` upwards. */
      readonly zones?: Readonly<Record<string, string>>;
    }
  | {
      /** A command of the user's: `COMMAND add|remove NAME VALUE`, run as the agent. */
      readonly type: 'dns-01-hook';
      readonly command: string;
    };

export interface CertificateDeclaration {
  readonly format: number;
  /** Of its folder below /etc/ssl/hostwright. */
  readonly name: string;
  /** Domain names, also `*.example.org`; the first is the common one. */
  readonly names: readonly string[];
  /** Directory URL of the CA (RFC 8555 section 7.1.1). */
  readonly directory: string;
  /** For people: `Let’s Encrypt`. */
  readonly authority: string;
  /** Directory of the CA's staging, which a new host tries first. */
  readonly staging?: string;
  /** PEM file with the root that the CA's own HTTPS is verified against, and the certificates it issues. */
  readonly trust?: string;
  readonly email?: string;
  /** External account binding (RFC 8555 section 7.3.4). */
  readonly eab?: { readonly kid: string; readonly hmacKey: string };
  readonly keyType: 'ecdsa-p256' | 'ecdsa-p384' | 'rsa-2048' | 'rsa-4096';
  readonly challenge: ChallengeWay;
}

export interface CertificateState {
  readonly format: number;
  readonly name: string;
  /** SHA-256 of the declaration's file that `verdict` is about. */
  readonly declared: string;
  /** ISO 8601 times. */
  readonly tried: string;
  readonly next: string;
  /** Failures in a row. */
  readonly failures: number;
  /** When the present certificate is to be renewed, and when the CA is asked about that again (RFC 9773). */
  readonly renewal?: { readonly at: string; readonly askAgain?: string };
  readonly issued?: {
    readonly at: string;
    readonly notBefore: string;
    readonly notAfter: string;
    readonly serial: string;
    readonly names: readonly string[];
    readonly directory: string;
  };
  readonly verdict:
    | { readonly state: 'issued' }
    /** `cause`: one of the ids of `certificates/causes.ts`; `text` in plain words; `detail` what the CA said. */
    | { readonly state: 'failed'; readonly cause: string; readonly text: string; readonly detail: string };
}

/** Addresses of this host to be kept in the DNS. */
export interface DdnsDeclaration {
  readonly format: number;
  readonly role: string;
  readonly names: readonly string[];
  readonly families: readonly (4 | 6)[];
  readonly way:
    | {
        readonly type: 'rfc2136';
        readonly server: string;
        readonly port: number;
        readonly zone?: string;
        readonly key?: TsigKey;
        readonly ttl: number;
      }
    | { readonly type: 'duckdns'; readonly token: string; readonly url: string };
}

export interface DdnsState {
  readonly format: number;
  readonly role: string;
  readonly declared: string;
  readonly tried: string;
  /** What stands in the DNS by the last success. */
  readonly addresses: readonly string[];
  readonly failures: number;
  readonly verdict:
    | { readonly state: 'current' }
    | { readonly state: 'failed'; readonly text: string; readonly detail: string };
}
