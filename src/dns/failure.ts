/** What went wrong between this host and a name server. */
export type DnsCause =
  /** No connection, or no answer in time. */
  | 'unreachable'
  /** What came is no answer to what was sent, or not signed by who has the key. */
  | 'unbelievable'
  | 'bad-key'
  | 'bad-signature'
  | 'bad-time'
  | 'not-authoritative'
  | 'refused'
  | 'not-in-zone'
  | 'server-failure'
  | 'no-such-name'
  /** The request itself is one that no server takes: a name too long, a secret that is not base64. */
  | 'invalid'
  | 'other';

/** A name server that can't be reached or does not do what it is asked; the message says what to do next. */
export class DnsFailure extends Error {
  override readonly name = 'DnsFailure';
  /** For people who know the protocol: what the server said, by its name there. */
  readonly detail: string;
  readonly why: DnsCause;

  constructor(why: DnsCause, message: string, detail: string) {
    super(message);
    this.why = why;
    this.detail = detail;
  }
}

/** Names of response codes and of TSIG errors (RFC 1035 §4.1.1, RFC 2136 §2.2, RFC 8945 §3). */
const CODES: Readonly<Record<number, string>> = {
  1: 'FORMERR',
  2: 'SERVFAIL',
  3: 'NXDOMAIN',
  4: 'NOTIMP',
  5: 'REFUSED',
  6: 'YXDOMAIN',
  7: 'YXRRSET',
  8: 'NXRRSET',
  9: 'NOTAUTH',
  10: 'NOTZONE',
  16: 'BADSIG',
  17: 'BADKEY',
  18: 'BADTIME',
  22: 'BADTRUNC',
};

export function codeName(code: number): string {
  return CODES[code] ?? `code ${code}`;
}

/** What a failure is about, for its words. */
export interface Asked {
  readonly server: string;
  readonly zone: string;
  readonly key?: string;
}

/**
 * A response code, or a TSIG error, in plain words.
 * @param clocks seconds by which the server's clock is ahead of this host's, where the server tells
 */
export function refusal(code: number, { server, zone, key }: Asked, clocks?: number): DnsFailure {
  const detail = `${server} answers ${codeName(code)}`;
  const by = key === undefined ? '' : ` with the key ‘${key}’`;
  switch (code) {
    case 16:
      return new DnsFailure(
        'bad-signature',
        `${server} knows the key ‘${key}’, but with another secret or another algorithm. Give the vault the secret that the server has.`,
        detail,
      );
    case 17:
      return new DnsFailure(
        'bad-key',
        `${server} does not know the key ‘${key}’. Check the key’s name and its algorithm against the server’s configuration.`,
        detail,
      );
    case 18:
      return new DnsFailure(
        'bad-time',
        `The clocks of this host and of ${server} differ${clocks === undefined ? '' : ` by ${Math.abs(clocks)} seconds`}: signatures hold for 5 minutes. Check with timedatectl that this host keeps its time by NTP, and the server too.`,
        detail,
      );
    case 9:
      return new DnsFailure(
        'not-authoritative',
        `${server} is not the server of the zone ${zone}. Name its primary server, and the zone where it begins.`,
        detail,
      );
    case 5:
      return new DnsFailure(
        'refused',
        `${server} does not allow changes of ${zone}${by}. Allow them there: in BIND by update-policy or allow-update of the zone.`,
        detail,
      );
    case 10:
      return new DnsFailure(
        'not-in-zone',
        `A name is not in the zone ${zone}, says ${server}. Name the zone that the name is in.`,
        detail,
      );
    case 2:
      return new DnsFailure(
        'server-failure',
        `${server} failed by itself: it may be unable to write the zone ${zone}. Its log says why.`,
        detail,
      );
    case 3:
      return new DnsFailure('no-such-name', `${server} knows no such name in ${zone}.`, detail);
    default:
      return new DnsFailure(
        'other',
        `${server} did not take the change of ${zone}. Its log says why.`,
        detail,
      );
  }
}

/** Anything that is not an answer to what was asked. */
export function unbelievable(server: string, detail: string): DnsFailure {
  return new DnsFailure(
    'unbelievable',
    `What came back from ${server} is no answer that can be believed. Is that really the name server, and nothing between it and this host that changes answers?`,
    detail,
  );
}
