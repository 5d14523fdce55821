import { isIP } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { type CertificateVerdict, certificateStep, trustedRoots } from './certificate-step.ts';
import type { ProbeContext } from './probe.ts';
import type { TlsProof } from './tls-settings.ts';

/** What a service that begins TLS in its own protocol has to prove by its certificate; undefined: any will do. */
export type ServiceProof = TlsProof | undefined;

/** How the handshake is made: nothing is rejected in it, so that it can be told afterwards what is wrong. */
export function handshakeFor(
  proof: ServiceProof,
  { roots }: Pick<ProbeContext, 'roots'>,
): Pick<ConnectionOptions, 'ca' | 'servername' | 'rejectUnauthorized' | 'minVersion'> {
  const ca = proof && trustedRoots(proof, roots);
  const { name } = proof ?? {};
  return {
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca }),
    ...(name === undefined || isIP(name) !== 0 ? {} : { servername: name }),
  };
}

/**
 * The certificate of a handshake by {@link handshakeFor}; undefined where it does not matter. Waits a turn first: whoever ends
 * the connection over it within the event `secureConnect` pulls it from under Node.js, which then crashes (20).
 */
export async function certificateOf(
  socket: TLSSocket,
  proof: ServiceProof,
  { anyCertificate }: Pick<ProbeContext, 'anyCertificate'>,
): Promise<CertificateVerdict | undefined> {
  if (proof !== undefined) await setImmediate();
  return proof === undefined || anyCertificate ? undefined : certificateStep(socket, proof);
}
