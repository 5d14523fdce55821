/** PCP (RFC 6887), for IPv4. */
import { createHmac } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { type Epoch, isOtherServer } from './epoch.ts';
import { type Manner, PORT } from './nat-pmp.ts';
import type { Gateway, MapOutcome, Mapping, Router } from './router.ts';
import { ask } from './udp.ts';

const VERSION = 2;
const ANSWER = 0x80;
const ANNOUNCE = 0;
const MAP = 1;
const HEADER = 24;
const MAP_LENGTH = 36;
const NONCE = 12;
/** IANA protocol numbers. */
const PROTOCOLS = { tcp: 6, udp: 17 } as const;
/** No other port than the one asked for (RFC 6887 13.2); an option without data. */
const PREFER_FAILURE = Buffer.from([2, 0, 0, 0]);
const NO_RESOURCES = 8;
const CANNOT_PROVIDE_EXTERNAL = 11;

/** Result codes (RFC 6887 7.4). */
const REFUSALS: Readonly<Record<number, string>> = {
  2: 'it is not allowed on the router (PCP: not authorized).',
  7: 'the router has no network (PCP: network failure).',
  [NO_RESOURCES]: 'the router has no room for more (PCP: no resources).',
  9: 'the router does not know that protocol (PCP).',
  10: 'this host has as many as the router allows it (PCP: quota).',
  12: 'another router lies between (PCP: address mismatch).',
};

interface Answer {
  readonly result: number;
  /** Seconds. */
  readonly lifetime: number;
  readonly epoch: number;
  readonly body: Buffer;
}

/** How to speak PCP. */
export interface PcpManner extends Manner {
  /** What nonces are derived from: the router lets nobody else renew a mapping (RFC 6887 11.2), and knows us again after a restart. */
  readonly secret: Buffer;
}

/** Speaks to a gateway that answers PCP; undefined for one that does not, or has it switched off. */
export async function pcp(gateway: Gateway, manner: PcpManner): Promise<Router | undefined> {
  const { port = PORT, patience, lease, secret } = manner;
  let epoch: Epoch | undefined;
  let lost = false;
  let address: string | undefined;

  const question = async (message: Buffer, fits: (body: Buffer) => boolean) => {
    const opcode = message.readUInt8(1);
    const answer = await ask(gateway, port, message, (bytes) => readAnswer(bytes, opcode, fits), patience);
    if (answer) {
      const now = { said: answer.epoch, heard: process.uptime() };
      if (epoch && isOtherServer(epoch, now)) lost = true;
      epoch = now;
    }
    return answer;
  };
  const announce = () => question(header(ANNOUNCE, 0, gateway), () => true);
  const request = (mapping: Mapping, lifetime: number) => {
    const nonce = nonceOf(secret, gateway, mapping);
    const asked = mapBody(mapping, nonce, lifetime === 0 ? 0 : mapping.externalPort);
    const message = [header(MAP, lifetime, gateway), asked, ...(lifetime === 0 ? [] : [PREFER_FAILURE])];
    return question(Buffer.concat(message), (body) => isAbout(body, asked));
  };

  const first = await announce();
  // One that knows no announcements may know mappings all the same (14.1); whether it does shows when it is asked for one.
  if (!first || ![0, UNSUPPORTED_OPCODE].includes(first.result)) return undefined;
  return {
    protocol: 'pcp',
    address: gateway.address,
    hostAddress: gateway.hostAddress,
    lease,
    externalAddress: async () => address,
    async map(mapping, lifetime): Promise<MapOutcome> {
      const answer = await request(mapping, lifetime);
      if (!answer) return { is: 'silent', detail: 'it gives no answer by PCP.' };
      if (answer.result === CANNOT_PROVIDE_EXTERNAL)
        return { is: 'taken', detail: 'it says that the port is in use (PCP).' };
      if (answer.result !== 0)
        return { is: 'refused', detail: REFUSALS[answer.result] ?? `PCP result ${answer.result}.` };
      const given = answer.body.readUInt16BE(18);
      if (given !== mapping.externalPort || answer.lifetime === 0) {
        await request(mapping, 0);
        return { is: 'taken', detail: `it offers port ${given} instead (PCP).` };
      }
      address = addressIn(answer.body.subarray(20, 36));
      return { is: 'mapped', lifetime: Math.min(answer.lifetime, lifetime) };
    },
    async unmap(mapping) {
      const result = (await request(mapping, 0))?.result;
      // miniupnpd calls it a lack of resources when there is nothing to remove; it should be a success (15).
      if (result === undefined) return 'silent';
      return result === 0 || result === NO_RESOURCES ? 'gone' : 'refused';
    },
    async pulse() {
      const answer = await announce();
      if (!answer) return 'silent';
      const was = lost;
      lost = false;
      return was ? 'lost' : 'kept';
    },
    close: () => undefined,
  };
}

const UNSUPPORTED_OPCODE = 4;

/** Pure; undefined for what is no answer to that question. */
function readAnswer(bytes: Buffer, opcode: number, fits: (body: Buffer) => boolean): Answer | undefined {
  if (bytes.length < HEADER || bytes.length % 4 !== 0) return undefined;
  if (bytes[0] !== VERSION || bytes[1] !== (ANSWER | opcode)) return undefined;
  const answer = {
    result: bytes.readUInt8(3),
    lifetime: bytes.readUInt32BE(4),
    epoch: bytes.readUInt32BE(8),
    body: bytes.subarray(HEADER),
  };
  if (opcode === MAP && answer.body.length < MAP_LENGTH) return undefined;
  return fits(answer.body) ? answer : undefined;
}

/** RFC 6887 7.1. */
function header(opcode: number, lifetime: number, { hostAddress }: Gateway): Buffer {
  const bytes = Buffer.alloc(HEADER);
  bytes.writeUInt8(VERSION, 0);
  bytes.writeUInt8(opcode, 1);
  bytes.writeUInt32BE(lifetime, 4);
  mappedAddress(hostAddress).copy(bytes, 8);
  return bytes;
}

/** RFC 6887 11.1. */
function mapBody({ protocol, port }: Mapping, nonce: Buffer, externalPort: number): Buffer {
  const bytes = Buffer.alloc(MAP_LENGTH);
  nonce.copy(bytes, 0);
  bytes.writeUInt8(PROTOCOLS[protocol], NONCE);
  bytes.writeUInt16BE(port, 16);
  bytes.writeUInt16BE(externalPort, 18);
  mappedAddress('0.0.0.0').copy(bytes, 20);
  return bytes;
}

/** Nonce, protocol and internal port are those of the request (RFC 6887 11.4). */
function isAbout(body: Buffer, asked: Buffer): boolean {
  return (
    body.subarray(0, 13).equals(asked.subarray(0, 13)) && body.readUInt16BE(16) === asked.readUInt16BE(16)
  );
}

/** Of the outside port too: giving one back must not take another one along that leads to the same port of this host. */
function nonceOf(secret: Buffer, gateway: Gateway, { protocol, port, externalPort }: Mapping): Buffer {
  const about = [gateway.address, gateway.hostAddress, protocol, port, externalPort].join(' ');
  return createHmac('sha256', secret).update(about).digest().subarray(0, NONCE);
}

/** IPv4-mapped (RFC 4291 2.5.5.2). */
function mappedAddress(address: string): Buffer {
  const octets = isIPv4(address) ? address.split('.').map(Number) : [0, 0, 0, 0];
  return Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...octets]);
}

function addressIn(bytes: Buffer): string | undefined {
  if (!bytes.subarray(0, 12).equals(mappedAddress('0.0.0.0').subarray(0, 12))) return undefined;
  const address = [...bytes.subarray(12, 16)].join('.');
  return address === '0.0.0.0' ? undefined : address;
}
