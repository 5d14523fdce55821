/** Messages of PostgreSQL's protocol 3.0 (https://www.postgresql.org/docs/current/protocol-message-formats.html). */
import type { Duplex } from 'node:stream';

/** A longer answer to a login is none. Bytes. */
const LONGEST = 65_536;

/** What answers is no PostgreSQL. */
export class NotPostgres extends Error {}

/** The connection was closed before a complete answer. */
export class ClosedEarly extends Error {}

/** Asks for TLS; the answer is one byte, S or N. */
export const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/** Begins a login. */
export function startupMessage(user: string, database: string): Buffer {
  const words = ['user', user, 'database', database, 'application_name', 'hostwright check'];
  const body = Buffer.from(`${words.map((word) => `${word}\0`).join('')}\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8, 0);
  head.writeInt32BE(3 << 16, 4);
  return Buffer.concat([head, body]);
}

/** What a server answers to the beginning of a login. */
export type LoginAnswer =
  | { readonly is: 'sasl'; readonly mechanisms: readonly string[] }
  | { readonly is: 'let-in' }
  /** Another way to prove a password. */
  | { readonly is: 'other'; readonly method: number }
  | { readonly is: 'error'; readonly code: string; readonly text: string };

/** Reads one byte. */
export async function readByte(stream: Duplex): Promise<string> {
  return (await take(stream, 1)).toString('latin1');
}

/**
 * Reads the answer to a startup message.
 * @throws {NotPostgres} {@link ClosedEarly}
 */
export async function readLoginAnswer(stream: Duplex): Promise<LoginAnswer> {
  const head = await take(stream, 5);
  const type = head.toString('latin1', 0, 1);
  const length = head.readInt32BE(1) - 4;
  if (!'RE'.includes(type) || length < 4 || length > LONGEST)
    throw new NotPostgres('what answers is no PostgreSQL');
  const body = await take(stream, length);
  return type === 'E' ? errorOf(body) : authenticationOf(body);
}

function authenticationOf(body: Buffer): LoginAnswer {
  const method = body.readInt32BE(0);
  if (method === 0) return { is: 'let-in' };
  if (method !== 10) return { is: 'other', method };
  const mechanisms = body
    .toString('latin1', 4)
    .split('\0')
    .filter((name) => name !== '');
  return { is: 'sasl', mechanisms };
}

function errorOf(body: Buffer): LoginAnswer {
  const fields = body.toString('utf8').split('\0');
  const field = (letter: string): string => fields.find((one) => one.startsWith(letter))?.slice(1) ?? '';
  const text = field('M')
    .replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]+/gu, ' ')
    .slice(0, 200);
  return { is: 'error', code: field('C'), text };
}

/** Waits for exactly that many bytes; what follows stays in the stream. */
function take(stream: Duplex, bytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const chunk = stream.read(bytes) as Buffer | null;
      if (chunk === null) return;
      done();
      if (chunk.length === bytes) resolve(chunk);
      else reject(new ClosedEarly('the connection was closed before a complete answer'));
    };
    const fail = (error?: Error): void => {
      done();
      reject(error instanceof Error ? error : new ClosedEarly('the connection was closed before an answer'));
    };
    const done = (): void => {
      stream.off('readable', look).off('end', fail).off('close', fail).off('error', fail);
    };
    stream.on('readable', look).on('end', fail).on('close', fail).on('error', fail);
    if (stream.destroyed || stream.readableEnded) return fail();
    look();
  });
}
