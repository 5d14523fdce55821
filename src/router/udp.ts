import { createSocket } from 'node:dgram';
import type { Gateway } from './router.ts';

/** How long a question by UDP may take. */
export interface Patience {
  /** Milliseconds until the first repetition; doubled with each (RFC 6886 3.1). */
  readonly first: number;
  /** Milliseconds in all. */
  readonly total: number;
}

/** Bytes of the longest message of PCP (RFC 6887 section 7). */
const MOST = 1100;

/**
 * Asks the gateway by UDP until it gives an answer that `read` accepts. Anything else that comes, and whatever comes from another
 * address or port, counts as nothing. The socket is connected, so the kernel keeps that out (udp(7)), but for what comes before it is.
 * Never rejects.
 * @param read pure; undefined for what is no answer to this question
 * @returns undefined when no answer came in time
 */
export function ask<Answer>(
  { address, hostAddress }: Gateway,
  port: number,
  message: Buffer,
  read: (answer: Buffer) => Answer | undefined,
  { first, total }: Patience,
): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    let repeat: NodeJS.Timeout | undefined;
    const end = (answer?: Answer): void => {
      clearTimeout(repeat);
      clearTimeout(over);
      socket.removeAllListeners('message');
      socket.on('error', () => undefined);
      try {
        socket.close();
      } catch {
        // It was closed by its error.
      }
      resolve(answer);
    };
    const over = setTimeout(() => end(), total);
    const send = (wait: number): void => {
      socket.send(message, () => undefined);
      repeat = setTimeout(() => send(wait * 2), wait);
    };
    socket.on('message', (answer, from) => {
      if (from.address !== address || from.port !== port || answer.length > MOST) return;
      const read_ = read(answer);
      if (read_ !== undefined) end(read_);
    });
    // A port where nothing listens; the router may be starting just now, so it is asked again until the time is over.
    socket.on('error', () => undefined);
    socket.bind({ address: hostAddress, port: 0 }, () => {
      socket.connect(port, address, (error?: Error) => {
        if (error) end();
        else send(first);
      });
    });
  });
}
