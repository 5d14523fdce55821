import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext, rootCertificates } from 'node:tls';
import { AcmeProblem, bounded, problemFrom, TransportFailure } from './failure.ts';

/** What came back, in the shape that acme-client expects. */
export interface AcmeResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Parsed JSON, or text. */
  readonly data: unknown;
}

export interface Transport {
  /** Keeps connections, as an order takes two dozen requests; without it each has its own. */
  readonly agent?: HttpsAgent;
  /** Pauses before further tries, in milliseconds. */
  readonly pauses?: readonly number[];
  /** Milliseconds for one try. */
  readonly timeoutMs?: number;
}

/** Bytes; chains and directories are some thousand. */
const LARGEST = 1_048_576;
/** Seconds: longer waits that a CA asks for are left to the timer. */
const PATIENCE = 20;
const PAUSES = [1_000, 3_000, 8_000];

/** @param trust PEM; believed besides the public roots */
export function connections(trust: string | undefined): HttpsAgent {
  // One context for all: reading the public roots again for each connection takes longer than the connection.
  const context =
    trust === undefined ? {} : { secureContext: createSecureContext({ ca: [...rootCertificates, trust] }) };
  return new HttpsAgent({ keepAlive: true, maxSockets: 4, ...context });
}

/**
 * One request to a CA. A nonce that was not taken is returned, as acme-client signs anew by itself.
 * @throws {AcmeProblem | TransportFailure}
 */
export async function ask(
  transport: Transport,
  url: string,
  method: 'get' | 'head' | 'post',
  body?: unknown,
): Promise<AcmeResponse> {
  const answer = await once(transport, url, method, body);
  if (answer.status < 400 || isBadNonce(answer)) return answer;
  throw problemFrom(answer.data, answer.status, retryAfter(answer.headers, Date.now()));
}

/**
 * Tries again, a few times, what failed for want of a connection or by a fault of the server (5xx).
 * @throws whatever the last try throws
 */
export async function persist<T>({ pauses = PAUSES }: Transport, attempt: () => Promise<T>): Promise<T> {
  for (const pause of pauses) {
    try {
      return await attempt();
    } catch (error) {
      const wait = error instanceof AcmeProblem ? (error.retryAfter ?? 0) : 0;
      if (!isPassing(error) || wait > PATIENCE) throw error;
      // A crowd of hosts does not come back at the same instant.
      await sleep(wait * 1000 + pause * (0.5 + Math.random()));
    }
  }
  return attempt();
}

/** Seconds that a server asks to wait (RFC 9110 section 10.2.3): a number, or a date. */
export function retryAfter(headers: IncomingHttpHeaders, now: number): number | undefined {
  const text = headers['retry-after'];
  if (text === undefined) return undefined;
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : (Date.parse(text) - now) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(0, Math.ceil(seconds)), 30 * 86_400) : undefined;
}

function isBadNonce({ status, data }: AcmeResponse): boolean {
  return status === 400 && problemFrom(data, status).type === 'badNonce';
}

/** A certificate that can’t be believed now can’t be in three seconds. */
function isPassing(error: unknown): boolean {
  if (error instanceof AcmeProblem) return error.status >= 500;
  return (
    error instanceof TransportFailure && !/CERT|TLS|SSL|SIGNATURE|ISSUER|INVALID|TOO_LARGE/.test(error.code)
  );
}

function once({ agent, timeoutMs = 30_000 }: Transport, url: string, method: string, body: unknown) {
  return new Promise<AcmeResponse>((resolve, reject) => {
    const fail = (code: string, message: string) => reject(new TransportFailure(code, bounded(message)));
    let target: URL;
    try {
      target = new URL(url);
    } catch {
      return fail('ERR_INVALID_URL', `the CA named ‘${url}’, which is no address`);
    }
    const isHttps = target.protocol === 'https:';
    // Without TLS only where the CA is on this very machine: that is how it is tested.
    if (!isHttps && !(target.protocol === 'http:' && /^(127\.|localhost$|\[::1\])/.test(target.hostname)))
      return fail('ERR_INVALID_URL', `the CA named ‘${url}’, which is not HTTPS`);
    const content = body === undefined ? undefined : JSON.stringify(body);
    const sent = (isHttps ? httpsRequest : httpRequest)(
      target,
      {
        method: method.toUpperCase(),
        agent: (isHttps && agent) || false,
        headers: {
          'user-agent': 'hostwright-agent',
          'accept-language': 'en',
          ...(content === undefined
            ? {}
            : { 'content-type': 'application/jose+json', 'content-length': Buffer.byteLength(content) }),
        },
      },
      (answer) => {
        const parts: Buffer[] = [];
        let size = 0;
        answer.on('data', (part: Buffer) => {
          size += part.length;
          if (size > LARGEST) {
            sent.destroy();
            fail('ERR_TOO_LARGE', `the CA’s answer is larger than ${LARGEST} bytes`);
          } else parts.push(part);
        });
        answer.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'ECONNRESET', error.message));
        answer.on('end', () => {
          clearTimeout(timer);
          const text = Buffer.concat(parts).toString();
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            data: parsed(answer.headers, text),
          });
        });
      },
    );
    // Over all, so that nobody holds us by a byte a second.
    const timer = setTimeout(() => {
      sent.destroy();
      fail('ETIMEDOUT', `${target.host} did not answer within ${timeoutMs / 1000} seconds`);
    }, timeoutMs);
    sent.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      fail(error.code ?? 'UNKNOWN', `${target.host}: ${error.message || error.code}`);
    });
    sent.end(content);
  });
}

function parsed(headers: IncomingHttpHeaders, text: string): unknown {
  if (!/json/.test(headers['content-type'] ?? '')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
