import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Authority } from './authority.ts';

/** What the server is to do with a request instead of answering it. */
export interface Fault {
  readonly status: number;
  readonly type?: string;
  readonly detail?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Signed {
  readonly path: string;
  readonly kid?: string;
  readonly jwk?: Readonly<Record<string, string>>;
  readonly payload: Record<string, unknown>;
}

/** An ACME server (RFC 8555) in this process: no signatures are verified, everything else is as it should be. */
export class FakeAcme {
  readonly authority = new Authority();
  /** Asked for each signed request. */
  fault: (request: Signed) => Fault | undefined = () => undefined;
  /** What a look at a name gives. */
  look: (name: string, token: string, type: string) => Promise<Fault | undefined> = () =>
    Promise.resolve(undefined);
  /** The chance that a nonce is refused. */
  nonceTrouble = 0;
  /** Days that certificates live. */
  days = 90;
  renewalInfo?: { readonly start: string; readonly end: string; readonly retryAfter?: string };
  readonly requests: Signed[] = [];
  readonly accounts = new Map<string, string>();
  readonly revoked: string[] = [];
  readonly #server: Server;
  readonly #nonces = new Set<string>();
  readonly #orders: {
    names: readonly string[];
    proofs: readonly number[];
    status: string;
    chain?: string;
    error?: unknown;
  }[] = [];
  readonly #authorizations: { name: string; status: string; error?: unknown; token: string }[] = [];

  constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        response.writeHead(500).end(String(error));
      });
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve);
    });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }

  get base(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
  get directory(): string {
    return `${this.base}/dir`;
  }

  #nonce(): string {
    const nonce = randomBytes(12).toString('base64url');
    this.#nonces.add(nonce);
    return nonce;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const send = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) => {
      const isText = typeof body === 'string';
      response.writeHead(status, {
        'replay-nonce': this.#nonce(),
        'content-type': isText ? 'application/pem-certificate-chain' : 'application/json',
        ...headers,
      });
      response.end(isText ? body : JSON.stringify(body));
    };
    const problem = ({ status, type = 'malformed', detail = 'no', headers }: Fault) =>
      send(status, { type: `urn:ietf:params:acme:error:${type}`, detail, status }, headers);

    if (path === '/dir') return send(200, this.#directory());
    if (path === '/nonce') return send(200, '');
    if (path.startsWith('/ari/')) {
      const { start, end, retryAfter } = this.renewalInfo ?? {};
      return send(200, { suggestedWindow: { start, end } }, retryAfter ? { 'retry-after': retryAfter } : {});
    }
    const { signed, nonce } = await readSigned(request, path);
    if (!this.#nonces.delete(nonce) || Math.random() < this.nonceTrouble)
      return problem({ status: 400, type: 'badNonce', detail: 'used' });
    this.requests.push(signed);
    const fault = this.fault(signed);
    if (fault) return problem(fault);
    const account = signed.kid ?? '';
    if (path !== '/new-account' && path !== '/revoke' && !this.accounts.has(account))
      return problem({ status: 400, type: 'accountDoesNotExist', detail: 'no such account' });
    await this.#serve(path, signed, send, problem);
  }

  #directory() {
    const { base } = this;
    return {
      newNonce: `${base}/nonce`,
      newAccount: `${base}/new-account`,
      newOrder: `${base}/new-order`,
      revokeCert: `${base}/revoke`,
      keyChange: `${base}/key-change`,
      ...(this.renewalInfo ? { renewalInfo: `${base}/ari` } : {}),
    };
  }

  async #serve(
    path: string,
    { kid, jwk, payload }: Signed,
    send: (status: number, body: unknown, headers?: Readonly<Record<string, string>>) => void,
    problem: (fault: Fault) => void,
  ): Promise<void> {
    const { base } = this;
    const [, what, id = ''] = path.split('/');
    const index = Number(id);
    const order = this.#orders[index];
    const authorization = this.#authorizations[index];
    if (what === 'new-account') {
      const url = `${base}/account/${randomBytes(4).toString('hex')}`;
      this.accounts.set(url, thumbprint(jwk));
      return send(201, { status: 'valid' }, { location: url });
    }
    if (what === 'account') return send(200, { status: 'valid' });
    if (what === 'key-change') {
      const inner = JSON.parse(Buffer.from(String(payload.protected), 'base64url').toString());
      this.accounts.set(kid ?? '', thumbprint(inner.jwk));
      return send(200, {});
    }
    if (what === 'revoke') {
      if (kid !== undefined && !this.accounts.has(kid)) return problem({ status: 403, type: 'unauthorized' });
      this.revoked.push(
        new X509Certificate(Buffer.from(String(payload.certificate), 'base64url')).serialNumber,
      );
      return send(200, {});
    }
    if (what === 'new-order') {
      const names = (payload.identifiers as { value: string }[]).map(({ value }) => value);
      const authorizations = names.map((name) => {
        this.#authorizations.push({ name, status: 'pending', token: randomBytes(8).toString('base64url') });
        return `${base}/authorization/${this.#authorizations.length - 1}`;
      });
      const proofs = names.map((_, at) => this.#authorizations.length - names.length + at);
      this.#orders.push({ names, proofs, status: 'pending' });
      const url = `${base}/order/${this.#orders.length - 1}`;
      return send(201, this.#order(this.#orders.length - 1, authorizations), { location: url });
    }
    if (what === 'authorization' && authorization) {
      const { name, status, error, token } = authorization;
      const challenges = ['http-01', 'dns-01'].map((type) => ({
        type,
        token,
        url: `${base}/challenge/${id}/${type}`,
        status,
        error,
      }));
      return send(200, { identifier: { type: 'dns', value: name.replace(/^\*\./, '') }, status, challenges });
    }
    if (what === 'challenge' && authorization) {
      const found = await this.look(authorization.name, authorization.token, path.split('/')[3] ?? '');
      authorization.status = found ? 'invalid' : 'valid';
      if (found)
        authorization.error = { type: `urn:ietf:params:acme:error:${found.type}`, detail: found.detail };
      for (const one of this.#orders) {
        const isReady = one.proofs.every((proof) => this.#authorizations[proof]?.status === 'valid');
        if (one.status === 'pending' && isReady) one.status = 'ready';
      }
      return send(200, { status: authorization.status });
    }
    if (what === 'order' && order) return send(200, this.#order(index));
    if (what === 'finalize' && order) {
      const csr = `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(String(payload.csr), 'base64url').toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
      order.chain = this.authority.sign(csr, order.names, this.days);
      order.status = 'valid';
      return send(200, this.#order(index));
    }
    if (what === 'certificate' && order) return send(200, order.chain ?? '');
    problem({ status: 404 });
  }

  #order(index: number, authorizations: readonly string[] = []) {
    const order = this.#orders[index];
    return {
      status: order?.status,
      error: order?.error,
      authorizations,
      finalize: `${this.base}/finalize/${index}`,
      certificate: `${this.base}/certificate/${index}`,
    };
  }
}

async function readSigned(request: IncomingMessage, path: string) {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const body = JSON.parse(Buffer.concat(parts).toString());
  const decoded = (text: string) =>
    text === '' ? {} : JSON.parse(Buffer.from(text, 'base64url').toString());
  const { nonce, kid, jwk } = decoded(body.protected);
  const signed: Signed = {
    path,
    payload: decoded(body.payload),
    ...(kid ? { kid } : {}),
    ...(jwk ? { jwk } : {}),
  };
  return { nonce: String(nonce), signed };
}

function thumbprint(jwk: unknown): string {
  return createHash('sha256').update(JSON.stringify(jwk)).digest('hex');
}
