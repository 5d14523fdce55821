import { Duplex, PassThrough, type Readable, Writable } from 'node:stream';

/** The raw two ends of one stream to the host, of whatever make. */
interface Ends {
  readonly readable: Readable;
  readonly writable: Writable;
  /** Ends it for good. */
  close(): void;
}

/**
 * Writes to `raw` chunk by chunk, each when the last was taken: so back-pressure reaches the caller, and a
 * write that can never end (ssh2 forgets its callback when the channel closes) fails through {@link GuardedWritable.gone}.
 */
export class GuardedWritable extends Writable {
  readonly #raw: Writable;

  constructor(raw: Writable) {
    super();
    this.#raw = raw;
    raw.on('error', (error) => this.gone(error));
    // A command that stops reading is an ordinary thing: whoever writes sees it in the callback or in pipeline().
    this.on('error', () => {});
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#raw.write(chunk, encoding, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#raw.end();
    done();
  }

  /** Nobody reads any more: what is still unwritten fails. */
  gone(error: Error): void {
    if (!this.writableFinished) this.destroy(error);
  }
}

/** A copy of `raw` whose reader may stop early without closing the channel behind it. */
export function shield(raw: Readable): Readable {
  const copy = new PassThrough();
  copy.on('error', () => {});
  raw.pipe(copy);
  raw.on('error', () => copy.end());
  return copy;
}

/** One Duplex of both ends, well-behaved enough for node:http and node:tls to run over it. */
export class JoinedDuplex extends Duplex {
  readonly #ends: Ends;
  #closed = false;

  constructor(ends: Ends) {
    super({ allowHalfOpen: true });
    this.#ends = ends;
    ends.readable.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) ends.readable.pause();
    });
    ends.readable.on('end', () => this.push(null));
    ends.readable.on('error', (error) => this.destroy(error));
    ends.writable.on('error', (error) => this.destroy(error));
  }

  override _read(): void {
    this.#ends.readable.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#ends.writable.write(chunk, encoding, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#ends.writable.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#close();
    done(error);
  }

  /** The other side has gone: what was received stays readable, what is unwritten fails. */
  gone(error?: Error): void {
    this.push(null);
    if (error && this.writableLength > 0) this.destroy(error);
    else this.end();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ends.close();
    this.#ends.readable.resume();
  }
}
