import { createHash, randomBytes } from 'node:crypto';
import { ConnectError, HostError } from '../errors.ts';
import type { Shell } from '../quote.ts';
import type { Blob } from '../resources/kind.ts';
import type { Channel } from './connection.ts';

/** What an exchange came to. */
export interface Answer {
  readonly output: Buffer;
  /** Exit status of the script on the host. */
  readonly status: number;
  /** What the host printed to standard error meanwhile. */
  readonly errors: string;
}

/** A run to be started on the host. */
export interface Upload {
  readonly id: string;
  readonly script: Shell;
  readonly blobs: readonly Blob[];
  /** Told how many bytes of content have been handed to the connection. */
  readonly progress?: (bytes: number) => void;
}

/** Observations larger than this are refused: a host must not be able to fill our memory. Bytes. */
const MAXIMUM_ANSWER = 256 * 1024 * 1024;

/** Lines of an event file are far shorter. Bytes. */
const MAXIMUM_LINE = 1024 * 1024;

/**
 * The one channel of a session, with the program of `program.ts` at its other end. Requests run one after the other;
 * each is one exchange, counted in {@link exchanges}.
 */
export class RootShell {
  readonly #channel: Channel;
  readonly #target: string;
  #buffer: Buffer[] = [];
  #size = 0;
  #errors = '';
  #wake: () => void = () => {};
  #drained: () => void = () => {};
  #ended: Error | null = null;
  #exchanges = 0;

  constructor(channel: Channel, target: string) {
    this.#channel = channel;
    this.#target = target;
    channel.stdout.on('data', (chunk: Buffer) => {
      this.#buffer.push(chunk);
      this.#size += chunk.length;
      if (this.#size > MAXIMUM_ANSWER) {
        this.#end(new HostError(`${target} sent more than ${MAXIMUM_ANSWER} bytes.`));
        channel.close();
      }
      this.#wake();
    });
    channel.stderr.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString('utf8')).slice(-16_384);
    });
    // A broken pipe on stdin is reported by `exit` too; without a listener it would be an uncaught exception.
    channel.stdin.on('error', () => {});
    channel.stdin.on('drain', () => this.#drained());
    channel.exit.then(
      ({ code }) =>
        this.#end(
          new HostError(`${target} ended the session (status ${code ?? 'unknown'}).`, {
            output: this.#errors.trim(),
          }),
        ),
      (cause: unknown) =>
        this.#end(cause instanceof Error ? cause : new ConnectError(`The connection to ${target} was lost.`)),
    );
  }

  /** Exchanges so far: requests sent and answered on this channel. */
  get exchanges(): number {
    return this.#exchanges;
  }

  /**
   * Runs a script that only reads, as root, with stdin closed. Nothing is written on the host.
   * @throws {ConnectError} when the connection is lost before the answer is complete.
   */
  async read(script: Shell): Promise<Answer> {
    const nonce = newNonce();
    const bytes = Buffer.from(script.text);
    this.#begin();
    await this.#send(Buffer.concat([Buffer.from(`read ${bytes.length} ${nonce}\n`), bytes]));
    return this.#answer(nonce);
  }

  /**
   * Uploads a run, starts it on the host and hands over the lines of its event file as they appear, until it has ended.
   * @throws {ConnectError} when the connection is lost; the run then goes on on the host.
   */
  async run({ id, script, blobs, progress }: Upload, line: (text: string) => void): Promise<void> {
    const nonce = newNonce();
    const bytes = Buffer.from(script.text);
    this.#begin();
    await this.#send(
      Buffer.concat([Buffer.from(`run ${id} ${bytes.length} ${blobs.length} ${nonce}\n`), bytes]),
    );
    for (const blob of blobs) {
      await this.#send(Buffer.from(`${blobName(blob)} ${blob.size}\n`));
      await this.#stream(blob, progress);
    }
    await this.#follow(nonce, line);
  }

  /** Follows a run that is going on, from its first event to its last. */
  async attach(id: string, line: (text: string) => void): Promise<void> {
    const nonce = newNonce();
    this.#begin();
    await this.#send(Buffer.from(`attach ${id} ${nonce}\n`));
    await this.#follow(nonce, line);
  }

  close(): void {
    this.#channel.stdin.end();
    this.#channel.close();
  }

  #begin(): void {
    this.#exchanges += 1;
    this.#errors = '';
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#wake();
    this.#drained();
  }

  async #send(bytes: Buffer): Promise<void> {
    if (this.#ended) throw this.#ended;
    if (this.#channel.stdin.write(bytes)) return;
    // One promise at a time: racing each wait against the end of the channel would pile up waiters there.
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
      if (this.#ended) resolve();
    });
    if (this.#ended) throw this.#ended;
  }

  /**
   * Sends the bytes of a blob. The last ones go only once all are known to be what was planned: an upload that is not
   * whole is thrown away by the host.
   */
  async #stream(blob: Blob, progress?: (bytes: number) => void): Promise<void> {
    const hash = createHash('sha256');
    let size = 0;
    let last: Buffer | undefined;
    const sendLast = async (): Promise<void> => {
      if (last === undefined) return;
      await this.#send(last);
      progress?.(last.length);
    };
    try {
      for await (const chunk of blob.open()) {
        const bytes = chunk as Buffer;
        hash.update(bytes);
        size += bytes.length;
        if (size > blob.size) break;
        await sendLast();
        last = bytes;
      }
    } catch (error) {
      if (this.#ended || error instanceof HostError) throw error;
      this.close();
      throw changedFile(error instanceof Error ? error.message : String(error), error);
    }
    if (size !== blob.size || hash.digest('hex') !== blob.sha256) {
      this.close();
      throw changedFile(size === blob.size ? 'its content is another one' : 'its size is another one');
    }
    await sendLast();
  }

  async #answer(nonce: string): Promise<Answer> {
    const end = Buffer.from(`\n${nonce} end `);
    // Chunks are joined once the end is there, not each time one arrives; only new ones are searched.
    let searched = 0;
    let overlap: Buffer = Buffer.alloc(0);
    let isThere = false;
    for (;;) {
      const fresh = Buffer.concat([overlap, ...this.#buffer.slice(searched)]);
      searched = this.#buffer.length;
      overlap = fresh.subarray(-end.length);
      isThere ||= fresh.includes(end);
      if (isThere) {
        const all = this.#joined();
        const at = all.indexOf(end);
        const newline = at < 0 ? -1 : all.indexOf(10, at + end.length);
        if (newline >= 0) {
          const status = Number(all.toString('latin1', at + end.length, newline));
          this.#replace(all.subarray(newline + 1));
          return { output: all.subarray(0, at), status, errors: this.#errors };
        }
      }
      await this.#more();
    }
  }

  async #follow(nonce: string, line: (text: string) => void): Promise<void> {
    const end = `${nonce} end `;
    for (;;) {
      const all = this.#joined();
      let from = 0;
      for (let at = all.indexOf(10); at >= 0; at = all.indexOf(10, from)) {
        const text = all.toString('utf8', from, at);
        from = at + 1;
        if (text.startsWith(end)) {
          this.#replace(all.subarray(from));
          const status = Number(text.slice(end.length));
          if (status === 0) return;
          throw new HostError(`${this.#target} could not start the run (status ${status}).`, {
            output: this.#errors.trim(),
          });
        }
        if (text !== '') line(text);
      }
      this.#replace(all.subarray(from));
      if (this.#size > MAXIMUM_LINE)
        throw new HostError(`${this.#target} sent a line of more than ${MAXIMUM_LINE} bytes.`);
      await this.#more();
    }
  }

  #joined(): Buffer {
    const first = this.#buffer[0];
    if (this.#buffer.length === 1 && first) return first;
    const all = Buffer.concat(this.#buffer);
    this.#buffer = [all];
    return all;
  }

  #replace(rest: Buffer): void {
    this.#buffer = [rest];
    this.#size = rest.length;
  }

  async #more(): Promise<void> {
    const before = this.#size;
    if (this.#ended) throw this.#ended;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#size !== before || this.#ended) resolve();
    });
    if (this.#ended && this.#size === before) throw this.#ended;
  }
}

function changedFile(why: string, cause?: unknown): HostError {
  return new HostError(`A file changed while it was being uploaded: ${why}.`, {
    hint: 'Nothing was changed on the host. Run the command again when the folder is at rest.',
    cause,
  });
}

/** The name under which a step finds a blob in `"$HW_BLOBS"`. */
export function blobName(blob: Blob): string {
  return blob.name ?? blob.sha256;
}

/** 128 bits that no output of the host can contain by chance or by malice. */
function newNonce(): string {
  return randomBytes(16).toString('hex');
}
