import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { connectStep, failedStep } from '../connect-step.ts';
import { defineProbe, type ProbeContext, type ProbeOutcome } from '../probe.ts';
import type { ReportStep } from '../report.ts';

const settings = z.strictObject({
  /** Under which it is served; the answer is the same for every name. */
  hostname: z
    .string()
    .regex(/^[A-Za-z0-9.-]+$/)
    .optional(),
});

/** Bytes: what a first datagram has at least (RFC 9000 section 14.1); a shorter one gets no answer. */
const SMALLEST = 1200;
/** A version that nobody has: every server answers by naming those that it has (RFC 9000 section 15). */
const NO_VERSION = 0x1a2a3a4a;

/** Proves that QUIC, and so HTTP/3, is spoken: which versions a server has (RFC 8999 section 6) is asked before anything secret. */
export const probe = defineProbe({
  settings,
  async run(context) {
    const { exchange, port, timeoutMs } = context;
    if (!exchange) return overTcp(context);
    const started = performance.now();
    const [destination, source] = [randomBytes(8), randomBytes(8)];
    let answer: Buffer;
    try {
      answer = await exchange(greeting(destination, source), timeoutMs);
    } catch (error) {
      return failedStep('udp', error);
    }
    const detail = `port ${port} answers (${Math.round(performance.now() - started)} ms)`;
    const udp: ReportStep = { name: 'udp', ok: true, detail };
    const versions = versionsIn(answer, destination, source);
    if (versions === 0) {
      const steps = [udp, { name: 'quic', ok: false, detail: 'what answers does not speak QUIC' }];
      return { ok: false, connected: true, steps, cause: 'not-quic' };
    }
    return {
      ok: true,
      connected: true,
      steps: [udp, { name: 'quic', ok: true, detail: `it speaks QUIC (${versions} versions)` }],
    };
  },
});

/** The port is said to be one of TCP, where nobody speaks it. */
async function overTcp(context: ProbeContext): Promise<ProbeOutcome> {
  const connected = await connectStep(context);
  if (!connected.stream) return connected.outcome;
  connected.stream.destroy();
  const detail = 'QUIC goes by UDP, and this is a port of TCP';
  return {
    ok: false,
    connected: true,
    steps: [connected.step, { name: 'quic', ok: false, detail }],
    cause: 'not-quic',
  };
}

/** A long header (RFC 8999 section 5.1) and nothing behind it. */
function greeting(destination: Buffer, source: Buffer): Buffer {
  const packet = Buffer.alloc(SMALLEST);
  packet.writeUInt8(0xc0, 0);
  packet.writeUInt32BE(NO_VERSION, 1);
  packet.writeUInt8(destination.length, 5);
  destination.copy(packet, 6);
  packet.writeUInt8(source.length, 6 + destination.length);
  source.copy(packet, 7 + destination.length);
  return packet;
}

/** How many versions an answer names; 0 where it is no answer to this greeting. The ids come back the other way round. */
function versionsIn(answer: Buffer, destination: Buffer, source: Buffer): number {
  const start = 7 + source.length + destination.length;
  const isAnswer =
    answer.length > start &&
    (answer.readUInt8(0) & 0x80) !== 0 &&
    answer.readUInt32BE(1) === 0 &&
    answer.readUInt8(5) === source.length &&
    answer.subarray(6, 6 + source.length).equals(source) &&
    answer.readUInt8(6 + source.length) === destination.length &&
    answer.subarray(7 + source.length, start).equals(destination);
  return isAnswer ? Math.floor((answer.length - start) / 4) : 0;
}
