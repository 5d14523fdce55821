import { connect } from 'node:net';
import { DnsFailure } from './failure.ts';

/** A name server. */
export interface DnsServer {
  /** An address, or a name that the host can look up. */
  readonly server: string;
  readonly port: number;
}

/** An answer to a question or to a change fits in there by far; a whole zone is never asked for. */
const MOST_BYTES = 16_384;

/**
 * Sends one message over TCP, where each has its length before it (RFC 1035 §4.2.2, RFC 7766), and returns the first that
 * comes back. Every server speaks it (RFC 7766 §5), and nobody can answer in its place by guessing.
 * @param timeoutMs milliseconds for all of it
 * @throws {DnsFailure} `unreachable`, also when the connection ends too early; `unbelievable` for a message beyond measure
 */
export function exchange({ server, port }: DnsServer, message: Buffer, timeoutMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: server, port, autoSelectFamily: true });
    let received = Buffer.alloc(0);
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      // What still comes is of no interest, its errors neither.
      socket.on('error', () => {});
      socket.destroy();
      settle();
    };
    const fail = (detail: string): void => end(() => reject(unreachable(server, port, detail)));
    const timer = setTimeout(() => fail(`no answer within ${Math.ceil(timeoutMs / 1000)} s`), timeoutMs);
    socket.on('connect', () => {
      const size = Buffer.alloc(2);
      size.writeUInt16BE(message.length);
      socket.write(Buffer.concat([size, message]));
    });
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2) return;
      const length = received.readUInt16BE(0);
      if (length > MOST_BYTES) return fail(`an answer of ${length} bytes was announced`);
      if (received.length >= length + 2) end(() => resolve(received.subarray(2, length + 2)));
    });
    socket.on('error', (error) => fail(textOf(error)));
    for (const event of ['end', 'close'])
      socket.on(event, () => fail('the connection was closed before an answer came'));
  });
}

function unreachable(server: string, port: number, detail: string): DnsFailure {
  return new DnsFailure(
    'unreachable',
    `The name server ${server} does not answer on TCP port ${port}. Check that it runs, and that a firewall lets TCP through to it.`,
    detail,
  );
}

/** Of several addresses each has an error of its own. */
function textOf(error: Error): string {
  return error instanceof AggregateError && error.errors.length > 0
    ? error.errors
        .slice(0, 4)
        .map((one: unknown) => (one instanceof Error ? one.message : String(one)))
        .join('; ')
    : error.message;
}
