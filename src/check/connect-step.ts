import type { Duplex } from 'node:stream';
import { ForwardError, type ForwardFailure } from '../connect/connection.ts';
import type { CauseId } from './causes.ts';
import type { ProbeContext, ProbeOutcome } from './probe.ts';
import type { ReportStep } from './report.ts';

/** The first rung that all probes over TCP share. */
export type Connected =
  | { readonly stream: Duplex; readonly step: ReportStep }
  | { readonly stream?: undefined; readonly outcome: ProbeOutcome };

const CAUSES: Readonly<Record<ForwardFailure, CauseId>> = {
  refused: 'refused',
  timeout: 'timeout',
  unreachable: 'no-route',
  prohibited: 'forwarding-prohibited',
  failed: 'probe-failed',
};

const SENTENCES: Readonly<Record<ForwardFailure, string>> = {
  refused: 'the connection was refused',
  timeout: 'no answer at all',
  unreachable: 'no way to that address',
  prohibited: 'the ssh server there does not allow connections through it',
  failed: 'the connection could not be tried',
};

/** Connects and says how it went; a connection is given with an error listener, so that a later reset is no crash. */
export async function connectStep({ open, port }: ProbeContext): Promise<Connected> {
  const started = performance.now();
  try {
    const stream = await open();
    stream.on('error', () => undefined);
    const detail = `port ${port} is open (${Math.round(performance.now() - started)} ms)`;
    return { stream, step: { name: 'tcp', ok: true, detail } };
  } catch (error) {
    return { outcome: failedStep('tcp', error) };
  }
}

/** What a probe comes to that nobody answered, in the words for why. */
export function failedStep(name: 'tcp' | 'udp', error: unknown): ProbeOutcome {
  const reason = error instanceof ForwardError ? error.reason : 'failed';
  // Only an unforeseen failure needs its own words.
  const words = reason === 'failed' ? `: ${(error as Error).message}` : '';
  const step: ReportStep = { name, ok: false, detail: SENTENCES[reason] + words };
  return { ok: false, connected: false, steps: [step], cause: CAUSES[reason] };
}
