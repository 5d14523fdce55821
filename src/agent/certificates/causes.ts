import type { CertificateDeclaration } from '../declared.ts';
import { AcmeProblem, bounded, OwnFailure, TransportFailure } from './failure.ts';

/** Why there is no certificate. */
export interface Cause {
  /** Stable, for programs. */
  readonly id: string;
  /** What it means and what to do next, in plain words. */
  readonly text: string;
  /** What the CA or the system said; bounded, on one line. */
  readonly detail: string;
  /** Seconds for which the CA wants to hear nothing more. */
  readonly retryAfter?: number;
}

type About = Pick<CertificateDeclaration, 'authority' | 'names' | 'challenge'>;

/** A failed order in plain words. Pure; takes any error. */
export function causeOf(error: unknown, about: About): Cause {
  if (error instanceof OwnFailure)
    return { id: error.id, text: error.message, detail: bounded(error.detail) };
  if (error instanceof TransportFailure) return unreachable(error, about);
  if (error instanceof AcmeProblem) {
    const { id, text } = refused(error, about);
    return {
      id,
      text,
      detail: bounded(error.detail),
      ...(error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter }),
    };
  }
  return {
    id: 'unknown',
    text: 'Something failed that hostwright has no words for. It is tried again later; the journal of hostwright-agent-certificates may say more.',
    detail: bounded(error instanceof Error ? error.message : String(error)),
  };
}

function unreachable({ code, message }: TransportFailure, { authority }: About): Cause {
  if (code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED')
    return {
      id: 'clock-wrong',
      text: `The HTTPS certificate of ${authority} is not valid by this host’s clock. Look at ‘timedatectl’: most likely the clock is wrong.`,
      detail: `${code}: ${message}`,
    };
  if (/CERT|SIGNATURE|ISSUER|ALTNAME|SSL|TLS/.test(code))
    return {
      id: 'ca-not-trusted',
      text: `The HTTPS certificate of ${authority} can’t be verified. For an authority of your own, give its root in the host file; otherwise something between this host and the internet answers in its place.`,
      detail: `${code}: ${message}`,
    };
  return {
    id: 'ca-unreachable',
    text: `${authority} can’t be reached from this host. It is tried again by itself; if it stays so, look at the host’s way to the internet and its DNS.`,
    detail: `${code}: ${message}`,
  };
}

/** By the types of RFC 8555 section 6.7. */
function refused(problem: AcmeProblem, about: About): Pick<Cause, 'id' | 'text'> {
  const { authority, names, challenge } = about;
  const which = names.length === 1 ? names[0] : `one of ${names.slice(0, 5).join(', ')}`;
  const byDns = challenge.type !== 'http-01';
  const { type, status, detail } = problem;
  switch (type) {
    case 'rateLimited':
      return {
        id: 'ca-rate-limited',
        text: `${authority} has had too many requests for ${which} or from this host, and wants to wait${waitWords(problem)}. It is tried again by itself then; asking earlier makes it longer.`,
      };
    case 'rejectedIdentifier':
    case 'unsupportedIdentifier':
      return {
        id: 'ca-refuses-name',
        text: `${authority} certifies no name such as ${which}. Check its spelling, and that the domain is a public one and yours.`,
      };
    case 'caa':
      return {
        id: 'caa',
        text: `A CAA record in the DNS of ${which} does not allow ${authority} to certify it. Add this authority to the CAA records, or choose one that is in them.`,
      };
    case 'dns':
      return byDns ? recordMissing(about) : dnsMissing(detail, which);
    case 'unauthorized':
    case 'incorrectResponse':
      if (status > 0) return notAllowed(about);
      return byDns ? recordMissing(about) : wrongServer(detail, about);
    case 'connection':
      if (!byDns && /could not resolve|no such host|nxdomain/i.test(detail)) return dnsMissing(detail, which);
      return byDns
        ? recordMissing(about)
        : {
            id: 'connection',
            text: `${authority} does not get through to ${which} on port 80 from the internet. Look at the router’s mapping of port 80, at a provider that blocks it, and whether the name’s address is yours. Where port 80 can’t be had, prove the name by DNS.`,
          };
    case 'tls':
      return {
        id: 'tls',
        text: `${authority} was sent on to HTTPS and could not make a TLS connection to ${which}. Something in front of this host redirects port 80; the path /.well-known/acme-challenge/ must reach it.`,
      };
    case 'externalAccountRequired':
      return {
        id: 'external-account-required',
        text: `${authority} takes only hosts of its customers. Get a key ID and an HMAC key there and give them as eab in the host file.`,
      };
    case 'invalidContact':
    case 'unsupportedContact':
      return {
        id: 'bad-contact',
        text: `${authority} does not take the e-mail address of the host file. Correct it or leave it out.`,
      };
    case 'userActionRequired':
      return {
        id: 'user-action',
        text: `${authority} wants a person to do something first: see what it says.`,
      };
    case 'accountDoesNotExist':
      return {
        id: 'account-unknown',
        text: `${authority} does not know this host’s account, and would not make a new one.`,
      };
    case 'badNonce':
      return {
        id: 'ca-unreachable',
        text: `${authority} refused every request as a repeated one (nonce). That is a trouble of its own; it is tried again by itself.`,
      };
    default:
      return status >= 500 || type === 'serverInternal'
        ? {
            id: 'ca-unreachable',
            text: `${authority} has a trouble of its own. It is tried again by itself.`,
          }
        : byEab(detail, about);
  }
}

function byEab(detail: string, { authority }: About): Pick<Cause, 'id' | 'text'> {
  if (/external account|\beab\b|binding/i.test(detail))
    return {
      id: 'bad-eab',
      text: `${authority} does not take the external account: check the key ID and the HMAC key, and that they have not expired.`,
    };
  return { id: 'unknown', text: `${authority} refuses. It is tried again later; what it says may help.` };
}

function notAllowed(about: About): Pick<Cause, 'id' | 'text'> {
  const eab = byEab('external account', about);
  return {
    id: 'account-refused',
    text: `${about.authority} does not let this account do that. ${eab.text.split(': ')[1] ? 'If it needs an external account, check its key ID and HMAC key.' : ''}`.trim(),
  };
}

function dnsMissing(detail: string, which: string | undefined): Pick<Cause, 'id' | 'text'> {
  const missing =
    /could not resolve|nxdomain|no valid a|no such host|not found|no answer|does not exist/i.test(detail);
  return {
    id: 'dns-missing',
    text: missing
      ? `${which} has no address in the public DNS. Add an A record (and AAAA) with this network’s public address at your DNS provider, or let the role ddns keep it.`
      : `The public DNS of ${which} does not answer as it should. Look at the name servers of the domain (and at DNSSEC).`,
  };
}

function recordMissing({ names }: About): Pick<Cause, 'id' | 'text'> {
  const record = `_acme-challenge.${(names[0] ?? '').replace(/^\*\./, '')}`;
  return {
    id: 'dns-record-missing',
    text: `The proof in the DNS was not seen from the internet. Check that the name servers which the internet asks for ${record} are the ones that were given it, and how long their secondaries take.`,
  };
}

function wrongServer(detail: string, { authority, names }: About): Pick<Cause, 'id' | 'text'> {
  const from =
    /^\[?([0-9a-fA-F.:]{3,45})\]?: /.exec(detail)?.[1] ??
    /from .*?\[([0-9a-fA-F.:]{3,45})\]/.exec(detail)?.[1];
  return {
    id: 'wrong-server',
    text: `${authority} asked ${names.length === 1 ? names[0] : 'one of the names'} for the proof and got something else${from === undefined ? '' : `, from ${from}`}: another machine or another web server answers there. Check that the name’s addresses (A and AAAA) are this network’s, and that port 80 leads to this host.`,
  };
}

function waitWords({ retryAfter: seconds }: AcmeProblem): string {
  if (seconds === undefined || seconds === 0) return '';
  return seconds < 120
    ? ` for ${seconds} seconds`
    : seconds < 7_200
      ? ` for ${Math.ceil(seconds / 60)} minutes`
      : ` for ${Math.ceil(seconds / 3600)} hours`;
}
