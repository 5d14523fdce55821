import type { Duplex } from 'node:stream';

/** A server that sends more than this without a line's end, or in all, does not speak in lines. Bytes. */
const MOST = 16_384;

/** The other side hung up in the midst of a line. */
export class HungUp extends Error {}
/** What came is no line. */
export class NoLine extends Error {}

/**
 * Reads lines one at a time, and leaves what follows them in the stream: a handshake of TLS may begin there.
 * @throws {HungUp} {@link NoLine}, or whatever the stream was destroyed with
 */
export async function readLine(stream: Duplex): Promise<string> {
  let line = Buffer.alloc(0);
  for (;;) {
    const chunk = await nextChunk(stream);
    const end = chunk.indexOf('\n');
    line = Buffer.concat([line, end < 0 ? chunk : chunk.subarray(0, end)]);
    if (line.length > MOST) throw new NoLine('no line ends');
    if (end < 0) continue;
    if (end + 1 < chunk.length) stream.unshift(chunk.subarray(end + 1));
    return line.toString('utf8').replace(/\r$/, '');
  }
}

function nextChunk(stream: Duplex): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      stream.off('readable', look);
      stream.off('end', ended);
      stream.off('close', ended);
      stream.off('error', failed);
      act();
    };
    const look = (): void => {
      const chunk = stream.read() as Buffer | null;
      if (chunk !== null) settle(() => resolve(chunk));
    };
    const ended = (): void => settle(() => reject(stream.errored ?? new HungUp('the connection was closed')));
    const failed = (error: Error): void => settle(() => reject(error));
    stream.on('readable', look);
    stream.once('end', ended);
    stream.once('close', ended);
    stream.once('error', failed);
    if (stream.destroyed || stream.readableEnded) ended();
    else look();
  });
}
