/** What a CA says went wrong (RFC 7807 as RFC 8555 section 6.7 uses it). */
export class AcmeProblem extends Error {
  override readonly name = 'AcmeProblem';
  /** Without `urn:ietf:params:acme:error:`. */
  readonly type: string;
  /** HTTP status; 0: it came inside an authorization or an order. */
  readonly status: number;
  readonly detail: string;
  /** Seconds to wait, where the CA says so. */
  readonly retryAfter: number | undefined;

  constructor(of: { type: string; status: number; detail: string; retryAfter?: number | undefined }) {
    super(of.detail);
    this.type = of.type;
    this.status = of.status;
    this.detail = of.detail;
    this.retryAfter = of.retryAfter;
  }
}

/** The CA can't be reached, or its HTTPS can't be believed. */
export class TransportFailure extends Error {
  override readonly name = 'TransportFailure';
  /** As Node calls it: ECONNREFUSED, CERT_HAS_EXPIRED… */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Something on this side, with its cause's id and words. */
export class OwnFailure extends Error {
  override readonly name = 'OwnFailure';
  readonly id: string;
  readonly detail: string;

  constructor(id: string, message: string, detail: string) {
    super(message);
    this.id = id;
    this.detail = detail;
  }
}

const PREFIX = 'urn:ietf:params:acme:error:';

/** Reads a problem document; what is none becomes a problem of type `unknown`. */
export function problemFrom(document: unknown, status: number, retryAfter?: number | undefined): AcmeProblem {
  const of = isRecord(document) ? document : {};
  const parts = Array.isArray(of.subproblems) ? of.subproblems.slice(0, 10).filter(isRecord) : [];
  const first = parts[0] ?? {};
  const compound = textOf(of.type).endsWith(':compound');
  const type = textOf(compound ? first.type : of.type);
  const details = [of, ...parts].map((part) => textOf(part.detail)).filter(Boolean);
  return new AcmeProblem({
    type: type.startsWith(PREFIX) ? type.slice(PREFIX.length) : status === 429 ? 'rateLimited' : 'unknown',
    status,
    detail: bounded(details.join(' ') || (status > 0 ? `HTTP ${status}` : 'no reason given')),
    retryAfter,
  });
}

/** One line of at most 600 characters without control characters: what strangers say goes to terminals and logs. */
export function bounded(text: string): string {
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/g, ' ').trim();
  return clean.length > 600 ? `${clean.slice(0, 599)}…` : clean;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 2_000) : '';
}
