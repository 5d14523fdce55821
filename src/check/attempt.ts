import type { z } from 'zod';
import type { Expectation } from './expectations.ts';
import type { Probe, ProbeOutcome } from './probe.ts';
import { probes } from './registry.generated.ts';
import type { ReportStep, Result } from './report.ts';
import type { Vantage } from './vantage.ts';

/** Milliseconds within which a connection has to come about: time for one lost packet to be sent again (RFC 6298: 1 s). */
const CONNECT_MS = 2500;
/** Milliseconds for a whole probe. */
const PROBE_MS = 3000;

/** A result before anyone has asked why. */
export type RawResult = Omit<Result, 'fix' | 'because'>;

/** Tries one thing and compares it with what must come of it. Never rejects for what the network does. */
export async function attempt(
  expectation: Expectation,
  vantage: Vantage,
  roots: readonly string[] = [],
): Promise<RawResult> {
  const { endpoint, target, expect } = expectation;
  // By UDP only an answer tells that a port is open, and only its own protocol gets one.
  const byUdp = endpoint.protocol === 'udp';
  const connectionOnly =
    !byUdp && expect === 'blocked' && expectation.proof === 'connection' && target.of === 'host';
  const { probe, settings } = await loadProbe(connectionOnly ? { probe: 'tcp' } : endpoint.prove);
  const started = performance.now();
  const outcome = await probe.run(
    {
      open: () => vantage.open(target.address, endpoint.port, CONNECT_MS),
      ...(byUdp && {
        exchange: (datagram: Buffer, timeoutMs: number) =>
          vantage.exchange(target.address, endpoint.port, datagram, timeoutMs),
      }),
      address: target.address,
      port: endpoint.port,
      timeoutMs: PROBE_MS,
      roots,
      anyCertificate: expect === 'blocked',
    },
    settings,
  );
  const verdict = expect === 'reachable' ? outcome : blocked(expectation, outcome);
  return {
    id: resultId(expectation),
    vantage: vantage.name,
    role: endpoint.role,
    endpoint: endpoint.name,
    address: target.address,
    port: endpoint.port,
    protocol: endpoint.protocol,
    expect,
    ok: verdict.ok,
    ms: Math.round(performance.now() - started),
    steps: verdict.steps,
    ...(verdict.cause ? { cause: verdict.cause } : {}),
  };
}

/** `phone:blog/http@192.168.1.20`. */
export function resultId({ vantage, endpoint, target }: Expectation): string {
  return `${vantage}:${endpoint.role}/${endpoint.name}@${target.address}`;
}

/** A recipe that names a probe wrongly is a bug of the recipe, so this throws. */
async function loadProbe({ probe: name, with: given = {} }: Expectation['endpoint']['prove']): Promise<{
  probe: Probe<unknown>;
  settings: unknown;
}> {
  if (!Object.hasOwn(probes, name)) {
    throw new Error(`There is no probe "${name}"; there are: ${Object.keys(probes).join(', ')}`);
  }
  const { probe } = await probes[name as keyof typeof probes]();
  // Each probe's settings are parsed by that probe's own schema, so the pair fits.
  const typed = probe as unknown as Probe<unknown> & { readonly settings: z.ZodType };
  return { probe: typed, settings: typed.settings.parse(given) };
}

/** Turns "did it answer" into "was it kept out": only certain silence and refusal prove that. */
function blocked({ proof, target, endpoint }: Expectation, outcome: ProbeOutcome): ProbeOutcome {
  const { connected, cause, steps } = outcome;
  if (!connected) {
    const proven = cause === 'refused' || cause === 'timeout' || cause === 'no-route';
    if (!proven) return outcome;
    return { ok: true, connected, steps: [closedStep(cause)] };
  }
  const elsewhere = proof === 'content' || target.of === 'router';
  if (elsewhere && outcome.ok && outcome.turnedAway) {
    const detail = `"${endpoint.role}" itself turns this one away`;
    return { ok: true, connected: true, steps: [...steps, { name: 'blocked', ok: true, detail }] };
  }
  if (elsewhere && !outcome.ok) {
    const who = target.of === 'router' ? 'the router itself, or another machine,' : 'another role';
    const detail = `${who} answers on port ${endpoint.port}, not "${endpoint.role}"`;
    return { ok: true, connected, steps: [{ name: 'tcp', ok: true, detail }] };
  }
  const detail = `port ${endpoint.port} answers and should not`;
  return {
    ok: false,
    connected,
    steps: [...steps, { name: 'blocked', ok: false, detail }],
    cause: 'exposed',
  };
}

const CLOSED = {
  refused: 'closed: the connection was refused',
  timeout: 'closed: no answer at all',
  'no-route': 'closed: turned away on the way',
} as const;

function closedStep(cause: keyof typeof CLOSED): ReportStep {
  return { name: 'blocked', ok: true, detail: CLOSED[cause] };
}
