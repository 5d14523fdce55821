import { AGENT, DECLARATIONS, STATE } from '../places.ts';

/** Where the certificate part of the agent reads and writes. */
export interface CertificatePlaces {
  readonly declarations: string;
  /** `NAME.json`: the state of each. */
  readonly state: string;
  /** `NAME.pem`: the chain that was issued last, without its key. */
  readonly issued: string;
  /** Account keys, one file for each directory of a CA. */
  readonly accounts: string;
  readonly challenges: string;
  readonly ready: string;
  /** Where a pair is put together before it is handed over, on the same file system. */
  readonly staged: string;
  /** Where root puts the pairs, a folder each. */
  readonly installed: string;
  readonly lock: string;
  /** When there is something to do: read by `certificates-due`. */
  readonly next: string;
}

/** @param root before every path; for tests */
export function certificatePlaces(root = ''): CertificatePlaces {
  return {
    declarations: `${root}${DECLARATIONS.certificates}`,
    state: `${root}${STATE.certificates}`,
    issued: `${root}${AGENT.home}/state/issued`,
    accounts: `${root}${AGENT.home}/accounts`,
    challenges: `${root}${AGENT.challenges}`,
    ready: `${root}${AGENT.ready}`,
    staged: `${root}${AGENT.home}/state/staged`,
    installed: `${root}/etc/ssl/hostwright`,
    lock: `${root}${AGENT.home}/state/certificates.lock`,
    next: `${root}${AGENT.home}/state/next`,
  };
}
