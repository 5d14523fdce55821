import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';

/** Loopback addresses: the router, this host, and somebody else. */
export const GATEWAY = { address: '127.0.0.2', hostAddress: '127.0.0.3' };
export const ELSEWHERE = '127.0.0.4';
export const SECRET = Buffer.alloc(32, 7);

export interface UdpServer {
  readonly port: number;
  /** What came, in order. */
  readonly asked: Buffer[];
  send(message: Buffer, to: RemoteInfo): void;
  close(): void;
}

/** Answers each datagram with those that `respond` makes of it, in order. */
export async function udpServer(
  respond: (message: Buffer, from: RemoteInfo) => readonly Buffer[],
  { address = GATEWAY.address, port = 0 } = {},
): Promise<UdpServer> {
  const socket = createSocket('udp4');
  const asked: Buffer[] = [];
  const send = (message: Buffer, to: RemoteInfo): void =>
    socket.send(message, to.port, to.address, () => undefined);
  socket.on('message', (message, from) => {
    asked.push(message);
    for (const answer of respond(message, from)) send(answer, from);
  });
  socket.bind({ address, port });
  await once(socket, 'listening');
  return { port: socket.address().port, asked, send, close: () => socket.close() };
}
