import { randomInt } from 'node:crypto';
import { z } from 'zod';
import { connectStep, failedStep } from '../connect-step.ts';
import { askOver } from '../dns/ask.ts';
import { type DnsResponse, decodeResponse, encodeQuery, RCODES, TYPES } from '../dns/message.ts';
import { defineProbe, type ProbeContext, type ProbeOutcome } from '../probe.ts';
import type { ReportStep } from '../report.ts';

const settings = z.strictObject({
  /** A zone that the server speaks for: it is asked for its SOA record. */
  zone: z.string().default('127.in-addr.arpa'),
});

/** Proves that a name server answers for a zone, by the protocol that the endpoint has: UDP, or TCP. */
export const probe = defineProbe({
  settings,
  async run(context, { zone }) {
    const query = encodeQuery(randomInt(65_536), zone, TYPES.SOA);
    const said = context.exchange ? await byUdp(context, query) : await byTcp(context, query);
    if ('outcome' in said) return said.outcome;
    const { step, answer } = said;
    const fault = faultIn(answer, query, zone);
    const ok = fault === undefined;
    const dns: ReportStep = { name: 'dns', ok, detail: fault?.detail ?? `it speaks for ${zone}` };
    return { ok, connected: true, steps: [step, dns], ...(fault ? { cause: fault.cause } : {}) };
  },
});

type Said = { readonly step: ReportStep; readonly answer: Buffer } | { readonly outcome: ProbeOutcome };

async function byUdp({ exchange, port, timeoutMs }: ProbeContext, query: Buffer): Promise<Said> {
  if (!exchange) throw new Error('A probe by UDP was given no way to send a datagram');
  const started = performance.now();
  try {
    const answer = await exchange(query, timeoutMs);
    const detail = `port ${port} answers (${Math.round(performance.now() - started)} ms)`;
    return { answer, step: { name: 'udp', ok: true, detail } };
  } catch (error) {
    return { outcome: failedStep('udp', error) };
  }
}

async function byTcp(context: ProbeContext, query: Buffer): Promise<Said> {
  const { stream, step, outcome } = await connected(context);
  if (outcome) return { outcome };
  const answer = await askOver(stream, query, context.timeoutMs);
  if (Buffer.isBuffer(answer)) return { step, answer };
  const detail = answer === 'no-answer' ? 'no answer came' : 'the connection was closed without an answer';
  const steps = [step, { name: 'dns', ok: false, detail }];
  return { outcome: { ok: false, connected: true, steps, cause: answer } };
}

async function connected(context: ProbeContext) {
  const result = await connectStep(context);
  return result.stream
    ? { stream: result.stream, step: result.step, outcome: undefined }
    : { outcome: result.outcome };
}

interface Fault {
  readonly cause: 'not-dns' | 'wrong-zone';
  readonly detail: string;
}

function faultIn(answer: Buffer, query: Buffer, zone: string): Fault | undefined {
  let response: DnsResponse;
  try {
    response = decodeResponse(answer);
  } catch (error) {
    return { cause: 'not-dns', detail: `the answer is no message of DNS: ${(error as Error).message}` };
  }
  const { id, question, rcode, authoritative, answers } = response;
  const name = zone.toLowerCase();
  if (id !== query.readUInt16BE(0) || question.name !== name || question.type !== TYPES.SOA)
    return { cause: 'not-dns', detail: 'the answer is to another question' };
  if (rcode !== 0)
    return { cause: 'wrong-zone', detail: `it does not answer for ${zone}: ${RCODES[rcode] ?? rcode}` };
  const speaks = authoritative && answers.some((one) => one.name === name && one.type === TYPES.SOA);
  return speaks ? undefined : { cause: 'wrong-zone', detail: `it answers, but does not speak for ${zone}` };
}
