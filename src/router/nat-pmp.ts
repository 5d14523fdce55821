/** NAT-PMP (RFC 6886). */
import { type Epoch, lagsBehind } from './epoch.ts';
import type { Gateway, MapOutcome, Mapping, Router } from './router.ts';
import { ask, type Patience } from './udp.ts';

/** Where routers listen (RFC 6886 1.1). */
export const PORT = 5351;

const VERSION = 0;
const ANSWER = 128;
const EXTERNAL_ADDRESS = 0;
const OPCODES = { udp: 1, tcp: 2 } as const;

/** Result codes (RFC 6886 3.5). */
const REFUSALS: Readonly<Record<number, string>> = {
  2: 'it is not allowed on the router (NAT-PMP: not authorized).',
  3: 'the router has no network (NAT-PMP: network failure).',
  4: 'the router has no room for more (NAT-PMP: out of resources).',
};

interface Answer {
  readonly result: number;
  /** Seconds. */
  readonly epoch: number;
  readonly body: Buffer;
}

/** How to speak to a router; the defaults are the protocol's. */
export interface Manner {
  readonly port?: number;
  readonly patience: Patience;
  /** Seconds: the lease to ask for. */
  readonly lease: number;
}

/** Speaks to a gateway that answers NAT-PMP; undefined for one that does not, or has it switched off. */
export async function natPmp(gateway: Gateway, manner: Manner): Promise<Router | undefined> {
  const { port = PORT, patience, lease } = manner;
  let epoch: Epoch | undefined;
  let lost = false;

  /** Bytes after the eight that all answers begin with: result and epoch. */
  const question = async (message: Buffer, length: number, fits: (body: Buffer) => boolean) => {
    const opcode = message.readUInt8(1);
    const answer = await ask(
      gateway,
      port,
      message,
      (bytes) => readAnswer(bytes, opcode, length, fits),
      patience,
    );
    if (answer) {
      const now = { said: answer.epoch, heard: process.uptime() };
      if (epoch && lagsBehind(epoch, now)) lost = true;
      epoch = now;
    }
    return answer;
  };
  const outside = () => question(Buffer.from([VERSION, EXTERNAL_ADDRESS]), 12, () => true);
  const request = (mapping: Mapping, externalPort: number, lifetime: number) =>
    question(
      mapMessage(mapping, externalPort, lifetime),
      16,
      (body) => body.readUInt16BE(0) === mapping.port,
    );

  const first = await outside();
  if (first?.result !== 0) return undefined;
  let address = addressIn(first.body);
  return {
    protocol: 'nat-pmp',
    address: gateway.address,
    hostAddress: gateway.hostAddress,
    lease,
    async externalAddress() {
      const answer = await outside();
      if (answer?.result === 0) address = addressIn(answer.body);
      return address;
    },
    async map(mapping, lifetime): Promise<MapOutcome> {
      const answer = await request(mapping, mapping.externalPort, lifetime);
      if (!answer) return { is: 'silent', detail: 'it gives no answer by NAT-PMP.' };
      if (answer.result !== 0)
        return { is: 'refused', detail: REFUSALS[answer.result] ?? `NAT-PMP result ${answer.result}.` };
      const given = answer.body.readUInt16BE(2);
      const granted = answer.body.readUInt32BE(4);
      if (given === mapping.externalPort && granted > 0)
        return { is: 'mapped', lifetime: Math.min(granted, lifetime) };
      // It gives another port when the one asked for is somebody else’s (3.3): that helps nobody.
      await request(mapping, 0, 0);
      return { is: 'taken', detail: `it offers port ${given} instead.` };
    },
    async unmap(mapping) {
      const answer = await request(mapping, 0, 0);
      if (!answer) return 'silent';
      return answer.result === 0 && answer.body.readUInt32BE(4) === 0 ? 'gone' : 'refused';
    },
    async pulse() {
      const answer = await outside();
      if (answer?.result !== 0) return 'silent';
      address = addressIn(answer.body);
      const was = lost;
      lost = false;
      return was ? 'lost' : 'kept';
    },
    close: () => undefined,
  };
}

/** Pure; undefined for what is no answer to that question. */
function readAnswer(
  bytes: Buffer,
  opcode: number,
  length: number,
  fits: (body: Buffer) => boolean,
): Answer | undefined {
  if (bytes.length < 8 || bytes[0] !== VERSION || bytes[1] !== ANSWER + opcode) return undefined;
  const result = bytes.readUInt16BE(2);
  const answer = { result, epoch: bytes.readUInt32BE(4), body: bytes.subarray(8) };
  // A refusal may be cut short.
  if (result !== 0 && bytes.length < length) return answer;
  return bytes.length === length && fits(answer.body) ? answer : undefined;
}

/** RFC 6886 3.3. */
function mapMessage({ protocol, port }: Mapping, externalPort: number, lifetime: number): Buffer {
  const message = Buffer.alloc(12);
  message.writeUInt8(VERSION, 0);
  message.writeUInt8(OPCODES[protocol], 1);
  message.writeUInt16BE(port, 4);
  message.writeUInt16BE(externalPort, 6);
  message.writeUInt32BE(lifetime, 8);
  return message;
}

function addressIn(body: Buffer): string | undefined {
  const address = [...body.subarray(0, 4)].join('.');
  return address === '0.0.0.0' ? undefined : address;
}
