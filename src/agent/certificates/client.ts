import { Client, type ClientOptions } from 'acme-client';
import { AcmeProblem, OwnFailure, problemFrom, TransportFailure } from './failure.ts';
import { type AcmeResponse, ask, persist, type Transport } from './transport.ts';

/** Tries of one request whose nonce is refused: some servers refuse half of them, to see what clients do. */
const NONCE_TRIES = 25;

/** What acme-client has and its types do not tell. */
interface Insides {
  readonly http: {
    maxBadNonceRetries: number;
    request: (url: string, method: string, options?: { readonly data?: unknown }) => Promise<AcmeResponse>;
    getDirectory: () => Promise<unknown>;
    getJwk: () => unknown;
    getResourceUrl: (resource: string) => Promise<string>;
    createSignedBody: (url: string, payload: unknown) => unknown;
    signedRequest: (
      url: string,
      payload: unknown,
      options?: object,
      attempts?: number,
    ) => Promise<AcmeResponse>;
  };
  readonly api: {
    accountUrl: string | null;
    apiRequest: (url: string, payload: unknown, valid: readonly number[]) => Promise<AcmeResponse>;
    updateAccountKey: (body: unknown) => Promise<AcmeResponse>;
  };
}

/** A client of one CA's directory with one account key. */
export interface Acme {
  readonly client: Client;
  readonly insides: Insides;
  readonly transport: Transport;
}

/**
 * acme-client over a transport of our own: its own one waits for as long as a CA says before it tries again, follows
 * redirects, and loses the type of a problem and the reason why there was no connection.
 */
export function acmeClient(options: ClientOptions, transport: Transport): Acme {
  const client = new Client(options);
  const insides = client as unknown as Insides;
  insides.http.maxBadNonceRetries = NONCE_TRIES;
  insides.http.request = (url, method, { data } = {}) => {
    if (method !== 'get' && method !== 'head' && method !== 'post')
      throw new Error(`no such method: ${method}`);
    const once = () => ask(transport, url, method, data);
    // What is signed has a nonce in it, which holds for one try.
    return method === 'post' ? once() : persist(transport, once);
  };
  const signed = insides.http.signedRequest.bind(insides.http);
  insides.http.signedRequest = async (url, payload, words, attempts = 0) => {
    const attempt = () => signed(url, payload, words, attempts);
    const answer = await (attempts > 0 ? attempt() : persist(transport, attempt));
    if (answer.status >= 400) throw problemFrom(answer.data, answer.status);
    return answer;
  };
  return { client, insides, transport };
}

/** The directory (RFC 8555 section 7.1.1). @throws {OwnFailure} where there is something else at its address */
export async function directoryOf({ insides }: Acme): Promise<Readonly<Record<string, unknown>>> {
  const found = await insides.http.getDirectory().catch((error: unknown) => {
    if (error instanceof AcmeProblem && error.status < 500 && error.status !== 429) return error.detail;
    if (error instanceof AcmeProblem || error instanceof TransportFailure) throw error;
    return String(error);
  });
  if (typeof found === 'object' && found !== null && 'newOrder' in found && 'newNonce' in found)
    return found as Readonly<Record<string, unknown>>;
  throw new OwnFailure(
    'no-directory',
    'What is at the authority’s address is no ACME directory. Check the address, and that no captive portal answers for it.',
    typeof found === 'string' ? found : JSON.stringify(found),
  );
}
