import { createHmac } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import type { TsigKey } from '../../src/agent/declared.ts';
import { bytesOf, encodeName } from '../../src/dns/wire.ts';

/** A server on loopback that answers each message over TCP by what `answer` makes of it; `undefined` closes the connection. */
export async function nameServer(
  answer: (request: Buffer) => Buffer | undefined | 'silence',
): Promise<{ readonly server: string; readonly port: number; close(): Promise<void> }> {
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    open.add(socket);
    let received = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < received.readUInt16BE(0) + 2) return;
      const reply = answer(received.subarray(2));
      if (reply === 'silence') return;
      if (reply) socket.write(Buffer.concat([bytesOf(reply.length, 2), reply]));
      else socket.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    server: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    close: () => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** The MAC in a signed request: what stands before id, error and an empty tail. */
export function macIn(request: Buffer, key: TsigKey): Buffer {
  const size = key.algorithm === 'hmac-sha256' ? 32 : 64;
  return request.subarray(request.length - 6 - size, request.length - 6);
}

/** A signed answer to a request (RFC 8945 §5.3), by its own words: independent of what is tested. */
export function signedAnswer(
  request: Buffer,
  key: TsigKey,
  { rcode = 0, time = Date.now() / 1000, message }: { rcode?: number; time?: number; message?: Buffer } = {},
): Buffer {
  const bare = message ?? bareAnswer(request, rcode);
  const stamp = Math.floor(time);
  const common = [bytesOf(stamp, 6), bytesOf(300, 2)];
  const mac = createHmac(key.algorithm.slice('hmac-'.length), Buffer.from(key.secret, 'base64'))
    .update(bytesOf(macIn(request, key).length, 2))
    .update(macIn(request, key))
    .update(bare)
    .update(
      Buffer.concat([encodeName(key.name), Buffer.from('00ff00000000', 'hex'), encodeName(key.algorithm)]),
    )
    .update(Buffer.concat([...common, bytesOf(0, 4)]))
    .digest();
  return withSignature(bare, key, mac, stamp, 0);
}

/** An answer that carries an error of TSIG and no signature, as for a key that the server does not know. */
export function unsignedError(request: Buffer, key: TsigKey, error: number): Buffer {
  return withSignature(bareAnswer(request, 9), key, Buffer.alloc(0), Math.floor(Date.now() / 1000), error);
}

/** A header only, as servers answer updates. */
export function bareAnswer(request: Buffer, rcode: number): Buffer {
  const header = Buffer.alloc(12);
  request.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x8000 | (request.readUInt16BE(2) & 0x7800) | rcode, 2);
  return header;
}

function withSignature(bare: Buffer, key: TsigKey, mac: Buffer, time: number, error: number): Buffer {
  const data = Buffer.concat([
    encodeName(key.algorithm),
    bytesOf(time, 6),
    bytesOf(300, 2),
    bytesOf(mac.length, 2),
    mac,
    bare.subarray(0, 2),
    bytesOf(error, 2),
    bytesOf(0, 2),
  ]);
  const answer = Buffer.concat([
    bare,
    encodeName(key.name),
    Buffer.from('00fa00ff00000000', 'hex'),
    bytesOf(data.length, 2),
    data,
  ]);
  answer.writeUInt16BE(answer.readUInt16BE(10) + 1, 10);
  return answer;
}
