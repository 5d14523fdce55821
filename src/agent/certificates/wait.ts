import { setTimeout as sleep } from 'node:timers/promises';
import type { CertificateState } from '../declared.ts';
import { readDeclaration } from './declared.ts';
import type { CertificatePlaces } from './places.ts';
import { readState } from './state.ts';

/** How a certificate stands, and the line that says so. */
export interface Verdict {
  readonly is: 'issued' | 'failed' | 'pending' | 'undeclared';
  readonly line: string;
}

/**
 * Waits until the state answers the present declaration. Never rejects.
 * @param seconds at most
 */
export async function waitForCertificate(
  places: CertificatePlaces,
  name: string,
  seconds: number,
): Promise<Verdict> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const declared = await readDeclaration(places, name).catch(() => undefined);
    if (!declared) return { is: 'undeclared', line: `No certificate ‘${name}’ is declared.` };
    const state = await readState(places, name);
    if (state?.declared === declared.digest) return verdictOf(state);
    if (Date.now() >= end)
      return {
        is: 'pending',
        line: `${name}: no answer of the authority within ${seconds} seconds. The agent goes on by itself.`,
      };
    await sleep(500);
  }
}

function verdictOf({ name, verdict, issued, next }: CertificateState): Verdict {
  if (verdict.state === 'issued') return { is: 'issued', line: `${name}: valid until ${issued?.notAfter}` };
  return {
    is: 'failed',
    line: `${name}: ${verdict.text} (${verdict.cause}: ${verdict.detail}) Next try at ${next}.`,
  };
}
