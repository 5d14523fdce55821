import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';

/** What a server makes of a greeting in an old version: `silent` and `unknown` prove nothing. */
export type OldTls = 'refused' | 'agreed' | 'silent' | 'unknown';

/** Versions as TLS writes them: its 1.1 is 3.2 (RFC 4346 section 6.2.1). */
const TLS_1_1 = 0x0302;

/** What servers of that time have, ECDSA and RSA (RFC 8422, RFC 5246), and that nothing is renegotiated (RFC 5746). */
const CIPHERS = [0xc009, 0xc013, 0xc00a, 0xc014, 0x002f, 0x0035, 0x000a, 0x00ff];

/**
 * Offers TLS 1.1 at most over a fresh connection, by which 1.0 is offered too, and tells whether the server goes along
 * (RFC 8996 forbids both). No library is asked: today's refuse to begin it. Never rejects; the caller destroys `stream`.
 */
export function tryOldTls(
  stream: Duplex,
  { name, timeoutMs }: { readonly name?: string; readonly timeoutMs: number },
): Promise<OldTls> {
  return new Promise((resolve) => {
    let got = Buffer.alloc(0);
    const end = (outcome: OldTls): void => {
      clearTimeout(timer);
      resolve(outcome);
    };
    const timer = setTimeout(() => end('silent'), timeoutMs);
    const look = (chunk: Buffer): void => {
      got = Buffer.concat([got, chunk]).subarray(0, 16);
      const verdict = readAnswer(got);
      if (verdict) end(verdict);
    };
    stream.on('data', look);
    // Hanging up is a refusal as well.
    stream.once('end', () => end(got.length === 0 ? 'refused' : 'unknown'));
    stream.once('close', () => end(got.length === 0 ? 'refused' : 'unknown'));
    stream.on('error', () => end('refused'));
    stream.write(clientHello(name));
  });
}

/** A record's type, version and length (RFC 5246 section 6.2.1), then the type of the handshake's message. */
function readAnswer(bytes: Buffer): OldTls | undefined {
  const type = bytes[0];
  if (type === undefined) return undefined;
  if (type !== 21 && type !== 22) return 'unknown';
  if (bytes.length < 11) return type === 21 && bytes.length >= 7 ? 'refused' : undefined;
  if (type === 21) return 'refused';
  // 2: ServerHello, with the version that it chose.
  return bytes[5] === 2 && bytes.readUInt16BE(9) <= TLS_1_1 ? 'agreed' : 'unknown';
}

/** RFC 4346 section 7.4.1.2. */
function clientHello(name: string | undefined): Buffer {
  const extensions = Buffer.concat([
    ...(name === undefined ? [] : [extension(0, serverName(name))]),
    // Groups: P-256, P-384; points: uncompressed.
    extension(10, Buffer.from([0, 4, 0, 23, 0, 24])),
    extension(11, Buffer.from([1, 0])),
  ]);
  const body = Buffer.concat([
    word(TLS_1_1),
    randomBytes(32),
    Buffer.of(0),
    word(CIPHERS.length * 2),
    ...CIPHERS.map(word),
    Buffer.of(1, 0),
    word(extensions.length),
    extensions,
  ]);
  const handshake = Buffer.concat([Buffer.of(1, 0), word(body.length), body]);
  return Buffer.concat([Buffer.of(22), word(0x0301), word(handshake.length), handshake]);
}

/** RFC 6066 section 3. */
function serverName(name: string): Buffer {
  const text = Buffer.from(name, 'ascii');
  return Buffer.concat([word(text.length + 3), Buffer.of(0), word(text.length), text]);
}

function extension(type: number, data: Buffer): Buffer {
  return Buffer.concat([word(type), word(data.length), data]);
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
