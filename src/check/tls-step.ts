import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { ReportStep } from './report.ts';

/** What came of agreeing on TLS over an open connection. */
export type Secured =
  | { readonly socket: TLSSocket; readonly step: ReportStep }
  | { readonly socket?: undefined; readonly step: ReportStep };

/**
 * Agrees on TLS 1.2 or later for that name (SNI; addresses have none). The certificate may be self-signed: whose it is, is not
 * what this proves. Never rejects; whoever opened `stream` destroys it.
 */
export function tlsStep(
  stream: Duplex,
  {
    name,
    speaks,
    timeoutMs,
  }: { readonly name: string; readonly speaks: 'http/1.1' | 'h2'; readonly timeoutMs: number },
): Promise<Secured> {
  return new Promise((resolve) => {
    const servername = isIP(name) === 0 ? { servername: name } : {};
    const socket = connectTls({
      socket: stream,
      ...servername,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      ALPNProtocols: [speaks],
    });
    const end = (outcome: Secured): void => {
      clearTimeout(timer);
      resolve(outcome);
    };
    const fail = (detail: string): void => end({ step: { name: 'tls', ok: false, detail } });
    const timer = setTimeout(() => fail('no answer in time'), timeoutMs);
    socket.on('error', ({ message }) => fail(`TLS failed: ${message.split('\n')[0] ?? ''}`));
    socket.once('close', () => fail('closed before TLS was agreed on'));
    socket.once('secureConnect', () =>
      end({ socket, step: { name: 'tls', ok: true, detail: socket.getProtocol() ?? 'TLS' } }),
    );
  });
}
