import { createHash } from 'node:crypto';
import { type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import type { CauseId } from '../causes.ts';
import { connectStep } from '../connect-step.ts';
import { defineProbe, type ProbeContext, type ProbeOutcome } from '../probe.ts';
import type { ReportStep } from '../report.ts';
import { tlsSetting } from '../tls-settings.ts';
import { oldTlsStep, tlsStep } from '../tls-step.ts';

/** More of an answer is not read. */
const MAX_BODY_BYTES = 1024 * 1024;

const settings = z.strictObject({
  path: z
    .string()
    .regex(/^\/[!-~]*$/)
    .default('/'),
  /** Name to ask for (the Host header); default: the address. Connects to the address all the same. */
  hostname: z
    .string()
    .regex(/^[A-Za-z0-9.-]+$/)
    .optional(),
  /** `any`: what the page is nobody knows here, so that it is there or not will do, but no failure of the server. */
  status: z.union([z.number().int().min(100).max(599), z.literal('any')]).default(200),
  /** It is a proxy that answers: 502 and 504 mean that the application behind it does not. */
  proxied: z.boolean().default(false),
  /** Whoever asks may be turned away (403) although it works: there is a list of those who may come in. */
  mayRefuse: z.boolean().default(false),
  /** Hex SHA-256 of the body: it is the very page, not another site's or another machine's. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  /** Text that the body must hold. */
  contains: z.string().min(1).optional(),
  /** Over TLS: https; and what its certificate has to be. */
  tls: tlsSetting,
  /** The address that it has to lead to, for good; the status and the page do not count then. */
  redirectsTo: z.url({ protocol: /^https?$/ }).optional(),
});
type Settings = z.output<typeof settings>;

/** HTTP/1.1 (RFC 9112) over a connection from the vantage: the status, and that the page is the right one. */
export const probe = defineProbe({
  settings,
  async run(context, wanted) {
    const deadline = performance.now() + context.timeoutMs;
    const connected = await connectStep(context);
    if (!connected.stream) return connected.outcome;
    const { stream, step } = connected;
    const left = Math.max(1, deadline - performance.now());
    const timer = setTimeout(
      () => stream.destroy(new Failure('no-answer', 'no complete answer in time')),
      left,
    );
    const steps = [step];
    try {
      let channel: Duplex = stream;
      const name = wanted.hostname ?? context.address;
      if (wanted.tls) {
        const wish = { name, speaks: 'http/1.1' as const, timeoutMs: left, proof: wanted.tls };
        const secured = await tlsStep(stream, wish, context);
        steps.push(...secured.steps);
        if (!secured.socket) return failed(secured.cause, steps);
        channel = secured.socket;
      }
      const outcome = judge(await ask(channel, context, wanted), wanted, steps);
      if (!outcome.ok || typeof wanted.tls === 'boolean' || context.anyCertificate) return outcome;
      return await withoutOldTls(outcome, context, name, deadline);
    } catch (error) {
      const failure = error instanceof Failure ? error : unexpected(error);
      return failed(failure.causeId, [...steps, { name: 'http', ok: false, detail: failure.message }]);
    } finally {
      clearTimeout(timer);
      stream.destroy();
    }
  },
});

async function withoutOldTls(
  outcome: ProbeOutcome,
  context: ProbeContext,
  name: string,
  deadline: number,
): Promise<ProbeOutcome> {
  const timeoutMs = Math.max(1, deadline - performance.now());
  const old = await oldTlsStep(context, { name, timeoutMs });
  if (!old) return outcome;
  const steps = [...outcome.steps, old];
  return old.ok ? { ...outcome, steps } : failed('tls-old-protocol', steps);
}

interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: Buffer;
}

/** Why there was no complete answer. */
class Failure extends Error {
  readonly causeId: CauseId;
  constructor(cause: CauseId, message: string) {
    super(message);
    this.causeId = cause;
  }
}

function ask(stream: Duplex, { address, port }: ProbeContext, wanted: Settings): Promise<Answer> {
  const name = wanted.hostname ?? (address.includes(':') ? `[${address}]` : address);
  return new Promise((resolve, reject) => {
    const outgoing = request({
      createConnection: () => stream,
      path: wanted.path,
      setHost: false,
      headers: {
        host: port === (wanted.tls ? 443 : 80) ? name : `${name}:${port}`,
        'user-agent': 'hostwright-check',
        accept: '*/*',
        'accept-encoding': 'identity',
        connection: 'close',
      },
    });
    stream.once('error', reject);
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => void readBody(incoming).then(resolve, reject));
    outgoing.end();
  });
}

async function readBody(incoming: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Failure('endless-answer', 'the answer is longer than 1 MiB');
    chunks.push(chunk);
  }
  return {
    status: incoming.statusCode ?? 0,
    location: incoming.headers.location,
    body: Buffer.concat(chunks),
  };
}

function judge({ status, location, body }: Answer, wanted: Settings, before: ReportStep[]): ProbeOutcome {
  const got = `HTTP ${status}${location ? ` to ${location}` : ''}`;
  if (wanted.mayRefuse && status === 403 && wanted.status !== 403) {
    const detail = `${got}: it is not for this address`;
    const step = { name: 'http', ok: true, detail };
    return { ok: true, connected: true, steps: [...before, step], turnedAway: true };
  }
  if (wanted.redirectsTo !== undefined) {
    // Those by which browsers and search engines remember it (RFC 9110 section 15.4).
    const ok = (status === 301 || status === 308) && location === wanted.redirectsTo;
    const detail = ok ? got : `${got}, expected to be led to ${wanted.redirectsTo} for good`;
    const steps = [...before, { name: 'http', ok, detail }];
    return ok ? { ok, connected: true, steps } : failed('not-redirected', steps);
  }
  if (wanted.proxied && (status === 502 || status === 504)) {
    const detail = `${got}: the application does not answer the proxy`;
    return failed('upstream-down', [...before, { name: 'http', ok: false, detail }]);
  }
  if (!isRight(status, wanted)) {
    const detail = `${got}, expected ${wanted.status === 'any' ? 'a page' : wanted.status}`;
    return failed('wrong-status', [...before, { name: 'http', ok: false, detail }]);
  }
  const steps = [...before, { name: 'http', ok: true, detail: got }];
  if (wanted.sha256 === undefined && wanted.contains === undefined)
    return { ok: true, connected: true, steps };
  const same =
    (wanted.sha256 === undefined || createHash('sha256').update(body).digest('hex') === wanted.sha256) &&
    (wanted.contains === undefined || body.includes(wanted.contains));
  if (same) {
    const detail = `the right page, ${body.length} bytes`;
    return { ok: true, connected: true, steps: [...steps, { name: 'content', ok: true, detail }] };
  }
  const detail = `another page than expected${titleOf(body)}`;
  return failed('wrong-content', [...steps, { name: 'content', ok: false, detail }]);
}

/** 403 is what a proxy itself says to those whom it does not let in. */
function isRight(status: number, { status: wanted, proxied }: Settings): boolean {
  if (wanted !== 'any') return status === wanted;
  return status < 500 && !(proxied && status === 403);
}

/** The page's title tells a person at once whose page it is. Printable characters only. */
function titleOf(body: Buffer): string {
  const title = /<title[^>]*>([^<]{1,200})/i.exec(body.toString('utf8'))?.[1];
  const text = title
    ?.replaceAll(/[^\p{L}\p{N}\p{P}]+/gu, ' ')
    .trim()
    .slice(0, 60);
  return text ? `: "${text}"` : ` (${body.length} bytes)`;
}

function failed(cause: CauseId, steps: readonly ReportStep[]): ProbeOutcome {
  return { ok: false, connected: true, steps, cause };
}

/** node:http names parse errors `HPE_…`; everything else on an open connection is that it broke. */
function unexpected(error: unknown): Failure {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code.startsWith('HPE_')) return new Failure('not-http', 'what answers does not speak HTTP');
  return new Failure('closed-early', 'the connection was closed before a complete answer');
}
