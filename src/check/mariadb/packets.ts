import type { Duplex } from 'node:stream';

/** More than any packet before the login is done. */
const LONGEST = 64 * 1024;

/** One packet of the client/server protocol (MariaDB, "Protocol Differences", "0-packet"): its number and what is in it. */
export interface Packet {
  readonly sequence: number;
  readonly payload: Buffer;
}

/** What came is no packet of this protocol. */
export class NotThisProtocol extends Error {
  override readonly name = 'NotThisProtocol';
}

/** The other side hung up. */
export class HungUp extends Error {
  override readonly name = 'HungUp';
}

/**
 * Reads exactly one packet and leaves what follows in the stream: behind it the other side may begin with TLS.
 * @throws {NotThisProtocol} for a length that no packet here has
 * @throws {HungUp} when the stream ends before
 */
export async function readPacket(stream: Duplex): Promise<Packet> {
  const head = await readExactly(stream, 4);
  const length = head.readUIntLE(0, 3);
  if (length === 0 || length > LONGEST) throw new NotThisProtocol();
  return { sequence: head.readUInt8(3), payload: await readExactly(stream, length) };
}

/** The bytes of a packet. */
export function packet({ sequence, payload }: Packet): Buffer {
  const head = Buffer.alloc(4);
  head.writeUIntLE(payload.length, 0, 3);
  head.writeUInt8(sequence % 256, 3);
  return Buffer.concat([head, payload]);
}

function readExactly(stream: Duplex, bytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const attempt = (): void => {
      const chunk = stream.read(bytes) as Buffer | null;
      if (chunk === null) return;
      tidy();
      // At the end of a stream it gives what is left.
      if (chunk.length < bytes) reject(new HungUp());
      else resolve(chunk);
    };
    const ended = (): void => {
      tidy();
      reject(new HungUp());
    };
    const failed = (error: Error): void => {
      tidy();
      reject(error);
    };
    const tidy = (): void => {
      stream.off('readable', attempt).off('end', ended).off('close', ended).off('error', failed);
    };
    stream.on('readable', attempt).on('end', ended).on('close', ended).on('error', failed);
    if (stream.destroyed) ended();
    else attempt();
  });
}
