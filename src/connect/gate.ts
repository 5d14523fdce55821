import { Transform, type TransformCallback } from 'node:stream';

/** What may come before the marker; more of it is dropped from the front. Bytes. */
const KEPT = 16_384;

/**
 * Lets nothing through until a marker has been seen, and then everything after it, byte for byte. What comes
 * before (a login shell's greeting, say) is kept for error messages. The marker may be torn over several chunks.
 */
export class Gate extends Transform {
  readonly opened: Promise<void>;
  readonly #marker: Buffer;
  #open: () => void = () => {};
  #isOpen = false;
  #before = Buffer.alloc(0);
  #listener: (text: string) => void = () => {};

  constructor(marker: string) {
    super();
    this.#marker = Buffer.from(marker);
    this.opened = new Promise((resolve) => {
      this.#open = resolve;
    });
    this.on('error', () => {});
  }

  /** What came before the marker, at most the last 16 KiB. */
  get before(): string {
    return this.#before.toString('utf8');
  }

  /** Calls back with all that came before the marker so far, whenever there is more of it. */
  onBefore(listener: (text: string) => void): void {
    this.#listener = listener;
    if (this.#before.length > 0) listener(this.before);
  }

  /** Opens without a marker: what comes from now on passes. */
  openNow(): void {
    this.#isOpen = true;
    this.#open();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.#isOpen) {
      done(null, chunk);
      return;
    }
    const all = Buffer.concat([this.#before, chunk]);
    const at = all.indexOf(this.#marker);
    if (at < 0) {
      this.#before = all.subarray(-KEPT);
      this.#listener(this.before);
      done();
      return;
    }
    this.#before = all.subarray(0, at);
    this.openNow();
    const rest = all.subarray(at + this.#marker.length);
    if (rest.length > 0) this.push(rest);
    done();
  }
}
