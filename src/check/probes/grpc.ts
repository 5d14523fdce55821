import { connect, constants } from 'node:http2';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { connectStep } from '../connect-step.ts';
import { defineProbe, type ProbeContext, type ProbeOutcome } from '../probe.ts';
import type { ReportStep } from '../report.ts';
import { tlsSetting } from '../tls-settings.ts';
import { tlsStep } from '../tls-step.ts';

const settings = z.strictObject({
  /** Name to ask for (:authority); default: the address. Connects to the address all the same. */
  hostname: z
    .string()
    .regex(/^[A-Za-z0-9.-]+$/)
    .optional(),
  /** Whoever asks may be turned away (403) although it works. */
  mayRefuse: z.boolean().default(false),
  /** A password is asked for (401). */
  asked: z.boolean().default(false),
  /** Over TLS, and what its certificate has to be. */
  tls: tlsSetting,
});
type Settings = z.output<typeof settings>;

/** A call of `grpc.health.v1.Health/Check` with an empty message: no compression, length 0. */
const EMPTY_MESSAGE = Buffer.alloc(5);

/**
 * gRPC over HTTP/2, without TLS by prior knowledge (RFC 9113): asks for the health of the service. Any answer in gRPC proves
 * that there is one, "no such method" too.
 */
export const probe = defineProbe({
  settings,
  async run(context, wanted) {
    const deadline = performance.now() + context.timeoutMs;
    const connected = await connectStep(context);
    if (!connected.stream) return connected.outcome;
    const { stream } = connected;
    const steps = [connected.step];
    const left = Math.max(1, deadline - performance.now());
    try {
      let channel: Duplex = stream;
      if (wanted.tls) {
        const name = wanted.hostname ?? context.address;
        const wish = { name, speaks: 'h2' as const, timeoutMs: left, proof: wanted.tls };
        const secured = await tlsStep(stream, wish, context);
        steps.push(...secured.steps);
        if (!secured.socket) return failed(secured.cause, steps);
        channel = secured.socket;
      }
      const rest = Math.max(1, deadline - performance.now());
      return judge(await call(channel, context, wanted, rest), wanted, steps);
    } catch (error) {
      const late = error instanceof Error && error.message === LATE;
      const detail = late ? 'no complete answer in time' : 'what answers does not speak HTTP/2';
      return failed(late ? 'no-answer' : 'not-http', [...steps, { name: 'grpc', ok: false, detail }]);
    } finally {
      stream.destroy();
    }
  },
});

const LATE = 'late';

interface Answer {
  readonly status: number;
  readonly type: string;
}

function call(
  stream: Duplex,
  { address, port }: ProbeContext,
  { hostname, tls }: Settings,
  timeoutMs: number,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const name = hostname ?? (address.includes(':') ? `[${address}]` : address);
    const session = connect(`${tls ? 'https' : 'http'}://${name}:${port}`, {
      createConnection: () => stream,
    });
    const timer = setTimeout(() => done(new Error(LATE)), timeoutMs);
    const done = (result: Answer | Error): void => {
      clearTimeout(timer);
      session.destroy();
      if (result instanceof Error) reject(result);
      else resolve(result);
    };
    session.on('error', done);
    const request = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: '/grpc.health.v1.Health/Check',
      [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
      te: 'trailers',
    });
    request.on('error', done);
    request.on('response', (headers) =>
      done({
        status: Number(headers[constants.HTTP2_HEADER_STATUS]),
        type: String(headers[constants.HTTP2_HEADER_CONTENT_TYPE] ?? ''),
      }),
    );
    request.on('close', () => done(new Error('closed')));
    request.end(EMPTY_MESSAGE);
  });
}

function judge(
  { status, type }: Answer,
  { mayRefuse, asked }: Settings,
  before: readonly ReportStep[],
): ProbeOutcome {
  const step = (ok: boolean, detail: string): ReportStep[] => [...before, { name: 'grpc', ok, detail }];
  const fine = { ok: true, connected: true } as const;
  if (asked && status === 401) return { ...fine, steps: step(true, 'HTTP 401: it asks for a password') };
  if (mayRefuse && status === 403)
    return { ...fine, steps: step(true, 'HTTP 403: it is not for this address'), turnedAway: true };
  if (status === 502 || status === 504)
    return failed('upstream-down', step(false, `HTTP ${status}: the application does not answer the proxy`));
  if (status !== 200 || asked || !type.startsWith('application/grpc'))
    return failed('wrong-status', step(false, `HTTP ${status} ${type}, expected an answer in gRPC`));
  return { ...fine, steps: step(true, 'answers in gRPC') };
}

function failed(cause: NonNullable<ProbeOutcome['cause']>, steps: readonly ReportStep[]): ProbeOutcome {
  return { ok: false, connected: true, steps, cause };
}
