import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { CauseId } from './causes.ts';
import { certificateStep, trustedRoots } from './certificate-step.ts';
import { tryOldTls } from './old-tls.ts';
import type { ProbeContext } from './probe.ts';
import type { ReportStep } from './report.ts';
import type { TlsProof } from './tls-settings.ts';

/** What came of agreeing on TLS over an open connection. */
export type Secured =
  | { readonly socket: TLSSocket; readonly steps: readonly ReportStep[] }
  | { readonly socket?: undefined; readonly steps: readonly ReportStep[]; readonly cause: CauseId };

interface Wish {
  /** For SNI; addresses have none. */
  readonly name: string;
  readonly speaks: 'http/1.1' | 'h2';
  readonly timeoutMs: number;
  /** `true`: any certificate will do. */
  readonly proof: TlsProof | true;
}

type TlsContext = Pick<ProbeContext, 'open' | 'roots' | 'anyCertificate'>;

/**
 * Agrees on TLS 1.2 or later for that name, and looks at the certificate where `proof` says what it has to be. Never
 * rejects; whoever opened `stream` destroys it.
 */
export async function tlsStep(stream: Duplex, wish: Wish, context: TlsContext): Promise<Secured> {
  const { proof } = wish;
  const agreed = await agree(stream, wish, context);
  if (!agreed.socket || proof === true || context.anyCertificate) return agreed;
  const { socket, steps } = agreed;
  // Whoever ends the connection within the event `secureConnect` pulls it from under Node.js, which then crashes (20).
  await setImmediate();
  const { step, cause } = certificateStep(socket, proof);
  const all = [...steps, step];
  return cause === undefined ? { socket, steps: all } : { steps: all, cause };
}

/** That nobody is served by TLS 1.0 or 1.1, over a connection of its own; undefined where that could not be tried. */
export async function oldTlsStep(
  { open }: TlsContext,
  { name, timeoutMs }: Pick<Wish, 'name' | 'timeoutMs'>,
): Promise<ReportStep | undefined> {
  const stream = await open().catch(() => undefined);
  if (!stream) return undefined;
  const outcome = await tryOldTls(stream, { ...(isIP(name) === 0 && { name }), timeoutMs });
  stream.destroy();
  if (outcome === 'agreed') return { name: 'old tls', ok: false, detail: 'TLS 1.1 or 1.0 is agreed to' };
  return outcome === 'refused'
    ? { name: 'old tls', ok: true, detail: 'TLS 1.1 and 1.0 are refused' }
    : undefined;
}

function agree(
  stream: Duplex,
  { name, speaks, timeoutMs, proof }: Wish,
  { roots }: TlsContext,
): Promise<Secured> {
  return new Promise((resolve) => {
    const ca = proof === true ? undefined : trustedRoots(proof, roots);
    const socket = connectTls({
      socket: stream,
      ...(isIP(name) === 0 ? { servername: name } : {}),
      ...(ca === undefined ? {} : { ca }),
      // Looked at afterwards, so that it can be told what is wrong with it.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      ALPNProtocols: [speaks],
    });
    const end = (outcome: Secured): void => {
      clearTimeout(timer);
      resolve(outcome);
    };
    const fail = (cause: CauseId, detail: string): void =>
      end({ steps: [{ name: 'tls', ok: false, detail }], cause });
    const timer = setTimeout(() => fail('no-answer', 'no answer in time'), timeoutMs);
    socket.on('error', (error) => fail(causeOf(error), `TLS failed: ${error.message.split('\n')[0] ?? ''}`));
    socket.once('close', () => fail('no-tls', 'closed before TLS was agreed on'));
    socket.once('secureConnect', () =>
      end({ socket, steps: [{ name: 'tls', ok: true, detail: socket.getProtocol() ?? 'TLS' }] }),
    );
  });
}

/** OpenSSL's reasons, as Node.js makes codes of them; an alert (RFC 8446 section 6) is sent by who speaks TLS. */
function causeOf(error: NodeJS.ErrnoException): CauseId {
  const code = error.code ?? '';
  if (/^ERR_SSL_(?:UNSUPPORTED_PROTOCOL|TLSV1_ALERT_PROTOCOL_VERSION)$/.test(code)) return 'tls-old-protocol';
  return /^ERR_SSL_(?:TLSV1|SSLV3|TLSV13)_/.test(code) ? 'tls-handshake' : 'no-tls';
}
