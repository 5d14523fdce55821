import type { Duplex } from 'node:stream';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { z } from 'zod';
import type { CauseId } from '../causes.ts';
import { connectStep } from '../connect-step.ts';
import { login, parseAnswer, parseGreeting, tlsRequest } from '../mariadb/handshake.ts';
import { HungUp, NotThisProtocol, packet, readPacket } from '../mariadb/packets.ts';
import { defineProbe, type ProbeContext, type ProbeOutcome } from '../probe.ts';
import type { ReportStep } from '../report.ts';
import { certificateOf, handshakeFor, type ServiceProof } from '../secure.ts';
import { tlsProof } from '../tls-settings.ts';

/** An account that nobody has. */
const STRANGER = 'hostwright-check';
/** "Access denied for user" (ER_ACCESS_DENIED_ERROR, and the same without a password). */
const DENIED = [1045, 1698];

const settings = z.strictObject({
  /** The server has to speak TLS; it is then used. Or also: what its certificate has to be. */
  tls: z.union([z.boolean(), tlsProof]).default(true),
});

/**
 * MariaDB up to the login: its greeting, TLS, and that a stranger without a password is turned away. The probe knows no
 * password, so it cannot tell whether somebody with one would be let in without TLS. It ends with a complete login that is
 * refused, and never by hanging up in the middle of one, which the server would count against this machine (max_connect_errors).
 */
export const probe = defineProbe({
  settings,
  async run(context, { tls }) {
    const deadline = performance.now() + context.timeoutMs;
    const connected = await connectStep(context);
    if (!connected.stream) return connected.outcome;
    const { stream, step } = connected;
    const steps = [step];
    const open: Duplex[] = [stream];
    const timer = setTimeout(
      () => {
        // TLS first: else it only hears that what it runs on was closed.
        for (const one of [...open].reverse())
          one.destroy(new Failure('no-answer', 'no complete answer in time'));
      },
      Math.max(1, deadline - performance.now()),
    );
    try {
      const proof = typeof tls === 'boolean' ? undefined : tls;
      await converse({ open, steps, context, proof }, tls !== false);
      return { ok: true, connected: true, steps };
    } catch (error) {
      const { causeId, message } = failureOf(error);
      return failed(causeId, [...steps, { name: 'mariadb', ok: false, detail: message }]);
    } finally {
      clearTimeout(timer);
      for (const one of open) one.destroy();
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

interface Talk {
  /** What is connected; TLS is added to it. */
  readonly open: Duplex[];
  readonly steps: ReportStep[];
  readonly context: ProbeContext;
  readonly proof: ServiceProof;
}

async function converse(talk: Talk, tls: boolean): Promise<void> {
  const { open, steps, context, proof } = talk;
  const [stream] = open;
  if (!stream) return;
  const greeting = parseGreeting((await readPacket(stream)).payload);
  if ('is' in greeting) throw new Failure('turned-away', greeting.text);
  steps.push({ name: 'mariadb', ok: true, detail: greeting.version });
  // It has been greeted: that login is ended properly before the lack of TLS is told.
  const usesTls = tls && greeting.tls;
  const secured = usesTls ? await encrypt(stream, talk) : undefined;
  const shown = secured && (await certificateOf(secured, proof, context));
  await beRefused(secured ?? stream, usesTls);
  if (tls && !usesTls) throw new Failure('no-tls', 'the server does not offer TLS');
  if (shown?.cause) throw new Failure(shown.cause, `its certificate: ${shown.step.detail}`);
  if (shown) steps.push(shown.step);
  steps.push({ name: 'login', ok: true, detail: 'a stranger without a password is refused' });
}

async function encrypt(stream: Duplex, { open, steps, context, proof }: Talk): Promise<TLSSocket> {
  stream.write(packet({ sequence: 1, payload: tlsRequest() }));
  const secured = connectTls({ socket: stream, ...handshakeFor(proof, context) });
  open.push(secured);
  await new Promise<void>((resolve, reject) => {
    secured.once('secureConnect', resolve);
    secured.once('error', reject);
    secured.once('close', () => reject(new HungUp()));
    // A TLS socket over a stream that is no socket does not see its end.
    stream.once('close', () => reject(stream.errored ?? new HungUp()));
  });
  secured.on('error', () => undefined);
  stream.once('close', () => secured.destroy());
  steps.push({ name: 'tls', ok: true, detail: secured.getProtocol() ?? 'TLS' });
  return secured;
}

async function beRefused(channel: Duplex, tls: boolean): Promise<void> {
  channel.write(packet({ sequence: tls ? 2 : 1, payload: login(STRANGER, { tls }) }));
  // For each form of a password that it may want: none.
  for (let round = 0; round < 4; round += 1) {
    const { sequence, payload } = await readPacket(channel);
    const answer = parseAnswer(payload);
    if (answer.is === 'welcome')
      throw new Failure('lets-anybody-in', 'a stranger without a password is let in');
    if (answer.is === 'refusal') {
      if (DENIED.includes(answer.code)) return;
      throw new Failure('turned-away', answer.text);
    }
    channel.write(packet({ sequence: sequence + 1, payload: Buffer.alloc(0) }));
  }
  throw new NotThisProtocol();
}

function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof NotThisProtocol)
    return new Failure('not-mariadb', 'what answers does not speak the protocol of MariaDB');
  if (
    typeof error === 'object' &&
    error !== null &&
    String((error as NodeJS.ErrnoException).code).startsWith('ERR_SSL')
  )
    return new Failure('no-tls', 'TLS did not come about');
  return new Failure('closed-early', 'the connection was closed before a complete answer');
}

function failed(cause: CauseId, steps: readonly ReportStep[]): ProbeOutcome {
  return { ok: false, connected: true, steps, cause };
}
