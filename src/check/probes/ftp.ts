import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { z } from 'zod';
import type { CauseId } from '../causes.ts';
import { connectStep } from '../connect-step.ts';
import { HungUp, NoLine, readLine } from '../line-reader.ts';
import { defineProbe, type ProbeContext } from '../probe.ts';
import type { ReportStep } from '../report.ts';
import { certificateOf, handshakeFor, type ServiceProof } from '../secure.ts';
import { tlsProof } from '../tls-settings.ts';

/** Lines of one answer; more is no answer. */
const MOST_LINES = 100;

/**
 * FTP (RFC 959) with TLS (RFC 4217) up to the login: the greeting, that nobody logs in in the clear, the handshake, and
 * that files go over TLS too. The probe knows no password.
 */
export const probe = defineProbe({
  settings: z.strictObject({
    /** What its certificate has to be; absent: any will do. */
    tls: tlsProof.optional(),
  }),
  async run(context, { tls }) {
    const deadline = performance.now() + context.timeoutMs;
    const connected = await connectStep(context);
    if (!connected.stream) return connected.outcome;
    const open: Duplex[] = [connected.stream];
    const steps: ReportStep[] = [connected.step];
    const timer = setTimeout(
      () => {
        for (const stream of open) stream.destroy(new Failure('no-answer', 'no complete answer in time'));
      },
      Math.max(1, deadline - performance.now()),
    );
    try {
      await converse(connected.stream, { open, steps, context, proof: tls });
      return { ok: true, connected: true, steps };
    } catch (error) {
      const { causeId, message } = failureOf(error);
      steps.push({ name: 'ftp', ok: false, detail: message });
      return { ok: false, connected: true, cause: causeId, steps };
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

interface Talk {
  /** What is connected; TLS is added to it. */
  readonly open: Duplex[];
  readonly steps: ReportStep[];
  readonly context: ProbeContext;
  readonly proof: ServiceProof;
}

async function converse(stream: Duplex, { open, steps, context, proof }: Talk): Promise<void> {
  const greeting = await readAnswer(stream);
  // 421: it takes no more connections just now.
  if (greeting === 421) throw new Failure('turned-away', 'the server takes no more connections from here');
  if (greeting !== 220) throw new Failure('not-ftp', `what answers does not greet as FTP does (${greeting})`);
  steps.push({ name: 'ftp', ok: true, detail: 'greets' });
  const plain = await ask(stream, 'USER hostwright-check');
  if (plain < 400) throw new Failure('plain-text', 'somebody may log in without TLS');
  steps.push({ name: 'plain text', ok: true, detail: `refused (${plain})` });
  const agreed = await ask(stream, 'AUTH TLS');
  if (agreed !== 234) throw new Failure('no-tls', `the server does not offer TLS (${agreed})`);
  const secured = await encrypt(stream, open, handshakeFor(proof, context));
  steps.push({ name: 'tls', ok: true, detail: secured.getProtocol() ?? 'TLS' });
  const shown = await certificateOf(secured, proof, context);
  if (shown?.cause) throw new Failure(shown.cause, `its certificate: ${shown.step.detail}`);
  if (shown) steps.push(shown.step);
  await ask(secured, 'PBSZ 0');
  const files = await ask(secured, 'PROT P');
  if (files !== 200) throw new Failure('no-tls', `files do not go over TLS (${files})`);
  secured.write('QUIT\r\n');
}

async function ask(stream: Duplex, command: string): Promise<number> {
  stream.write(`${command}\r\n`);
  return readAnswer(stream);
}

/** The code of one answer; one of several lines begins with `220-` and ends with `220 `. */
async function readAnswer(stream: Duplex): Promise<number> {
  for (let lines = 0, first = ''; lines < MOST_LINES; lines += 1) {
    const line = await readLine(stream);
    const [, code = '', more] = /^([1-5]\d\d)([ -]|$)/.exec(line) ?? [];
    if (first === '' && code === '') break;
    first ||= code;
    if (code === first && more !== '-') return Number(code);
  }
  throw new Failure('not-ftp', 'what answers does not speak FTP');
}

function encrypt(stream: Duplex, open: Duplex[], options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const secured = connectTls({ socket: stream, ...options });
    open.push(secured);
    secured.once('close', () => reject(stream.errored ?? new HungUp('closed before TLS was agreed on')));
    secured.once('secureConnect', () => resolve(secured));
    secured.on('error', (error) =>
      reject(error instanceof Failure ? error : new Failure('no-tls', `TLS failed: ${error.message}`)),
    );
  });
}

function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof NoLine) return new Failure('not-ftp', 'what answers does not speak FTP');
  return new Failure('closed-early', 'the connection was closed before a complete answer');
}
