import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { z } from 'zod';
import type { CauseId } from '../causes.ts';
import { connectStep } from '../connect-step.ts';
import {
  ClosedEarly,
  type LoginAnswer,
  NotPostgres,
  readByte,
  readLoginAnswer,
  SSL_REQUEST,
  startupMessage,
} from '../postgres/messages.ts';
import { defineProbe, type ProbeContext } from '../probe.ts';
import type { ReportStep } from '../report.ts';
import { certificateOf, handshakeFor } from '../secure.ts';
import { tlsProof } from '../tls-settings.ts';

const settings = z.strictObject({
  /** Somebody who may log in, and where: the server says by which proof before it is given one. */
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,62}$/)
    .default('postgres'),
  database: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,62}$/)
    .default('postgres'),
  /** Without TLS nobody may even begin to log in. Not asked of the loopback, on which nobody listens in. */
  refusesPlain: z.boolean().default(false),
  /** What its certificate has to be; absent: any will do. */
  tls: tlsProof.optional(),
});
type Settings = z.output<typeof settings>;

/**
 * PostgreSQL up to the proof of the password: TLS, that SCRAM-SHA-256 is asked for, and that without TLS nobody gets that
 * far. The probe knows no password.
 */
export const probe = defineProbe({
  settings,
  async run(context, wanted) {
    const deadline = performance.now() + context.timeoutMs;
    const connected = await connectStep(context);
    if (!connected.stream) return connected.outcome;
    const steps: ReportStep[] = [connected.step];
    const open: Duplex[] = [connected.stream];
    const timer = setTimeout(
      () => {
        // TLS first: else it only hears that what it runs on was closed.
        for (const stream of [...open].reverse())
          stream.destroy(new Failure('no-answer', 'no complete answer in time'));
      },
      Math.max(1, deadline - performance.now()),
    );
    try {
      steps.push(...(await overTls(connected.stream, context, wanted, open)));
      if (wanted.refusesPlain && !isLoopback(context)) steps.push(await withoutTls(context, wanted, open));
      return { ok: true, connected: true, steps };
    } catch (error) {
      const { causeId, message } = failureOf(error);
      return {
        ok: false,
        connected: true,
        cause: causeId,
        steps: [...steps, { name: 'postgres', ok: false, detail: message }],
      };
    } finally {
      clearTimeout(timer);
      for (const stream of open) stream.destroy();
    }
  },
});

/** Why there was no proof. */
class Failure extends Error {
  readonly causeId: CauseId;
  constructor(cause: CauseId, message: string) {
    super(message);
    this.causeId = cause;
  }
}

async function overTls(
  stream: Duplex,
  context: ProbeContext,
  wanted: Settings,
  open: Duplex[],
): Promise<ReportStep[]> {
  stream.write(SSL_REQUEST);
  const answer = await readByte(stream);
  if (answer === 'N') throw new Failure('no-tls', 'the server does not offer TLS');
  if (answer !== 'S') throw new NotPostgres('what answers is no PostgreSQL');
  const secured = await encrypt(stream, open, handshakeFor(wanted.tls, context));
  const tls: ReportStep = { name: 'tls', ok: true, detail: secured.getProtocol() ?? 'TLS' };
  const shown = await certificateOf(secured, wanted.tls, context);
  if (shown?.cause) throw new Failure(shown.cause, `its certificate: ${shown.step.detail}`);
  secured.write(startupMessage(wanted.user, wanted.database));
  requireScram(await readLoginAnswer(secured));
  return [
    tls,
    ...(shown ? [shown.step] : []),
    { name: 'login', ok: true, detail: 'asks for a password by SCRAM-SHA-256' },
  ];
}

function encrypt(stream: Duplex, open: Duplex[], options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const secured = connectTls({ socket: stream, ...options });
    open.push(secured);
    secured.once('close', () =>
      reject(new ClosedEarly('the connection was closed before TLS was agreed on')),
    );
    secured.once('secureConnect', () => resolve(secured));
    secured.on('error', (error) =>
      reject(error instanceof Failure ? error : new Failure('no-tls', `TLS failed: ${error.message}`)),
    );
  });
}

function requireScram(answer: LoginAnswer): void {
  if (answer.is === 'error') throw new Failure('turned-away', `${answer.text} (${answer.code})`);
  if (answer.is === 'let-in') throw new Failure('lets-anybody-in', 'the server asks for no password');
  if (answer.is === 'other' || !answer.mechanisms.includes('SCRAM-SHA-256'))
    throw new Failure('weak-login', 'the server asks for a password in a way that gives it away');
}

/** `invalid_authorization_specification`: no rule lets this one in. */
const NO_RULE = '28000';

/** That there is no rule for it is what is wanted; that it asks for anything at all is not. */
async function withoutTls(
  context: ProbeContext,
  { user, database }: Settings,
  open: Duplex[],
): Promise<ReportStep> {
  const stream = await context.open();
  open.push(stream);
  stream.write(startupMessage(user, database));
  const answer = await readLoginAnswer(stream);
  if (answer.is !== 'error') throw new Failure('plain-text', 'somebody may log in without TLS');
  // Full, or on its way down: that says nothing about the next one.
  if (answer.code !== NO_RULE) requireScram(answer);
  return { name: 'plain text', ok: true, detail: 'refused' };
}

function isLoopback({ address }: ProbeContext): boolean {
  return address.startsWith('127.') || address === '::1';
}

function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof NotPostgres) return new Failure('not-postgres', error.message);
  if (error instanceof ClosedEarly) return new Failure('closed-early', error.message);
  return new Failure('closed-early', 'the connection broke before a complete answer');
}
