import type { Duplex } from 'node:stream';

/** Why no whole message came over a connection. */
export type NoMessage = 'no-answer' | 'closed-early';

/**
 * Sends one message over TCP, where each has its length before it (RFC 1035 §4.2.2), and waits for the first that comes
 * back. Ends the connection. Never rejects.
 * @param timeoutMs milliseconds
 */
export function askOver(stream: Duplex, message: Buffer, timeoutMs: number): Promise<Buffer | NoMessage> {
  return new Promise((resolve) => {
    let received = Buffer.alloc(0);
    const end = (outcome: Buffer | NoMessage): void => {
      clearTimeout(timer);
      stream.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(() => end('no-answer'), timeoutMs);
    stream.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2) return;
      const length = received.readUInt16BE(0);
      if (received.length >= length + 2) end(received.subarray(2, length + 2));
    });
    for (const event of ['end', 'close', 'error']) stream.on(event, () => end('closed-early'));
    const size = Buffer.alloc(2);
    size.writeUInt16BE(message.length);
    stream.write(Buffer.concat([size, message]));
  });
}
