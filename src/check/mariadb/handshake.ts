import { NotThisProtocol } from './packets.ts';

/** Capabilities (MariaDB, "Connection"). */
const LONG_PASSWORD = 1;
const PROTOCOL_41 = 0x200;
const SSL = 0x800;
const SECURE_CONNECTION = 0x8000;
const PLUGIN_AUTH = 0x8_0000;

/** What a server says first. */
export interface Greeting {
  /** As it calls itself: `11.8.6-MariaDB-0+deb13u1`. */
  readonly version: string;
  /** It speaks TLS. */
  readonly tls: boolean;
}

/** What a server answers to a login. */
export type Answer =
  | { readonly is: 'welcome' }
  | { readonly is: 'refusal'; readonly code: number; readonly text: string }
  /** It wants the password in another form. */
  | { readonly is: 'question' };

/**
 * Takes the first packet apart: a greeting, or why there is none.
 * @throws {NotThisProtocol} when it is neither
 */
export function parseGreeting(payload: Buffer): Greeting | Extract<Answer, { readonly is: 'refusal' }> {
  if (payload[0] === 0xff) return refusal(payload);
  const end = payload.indexOf(0, 1);
  // Version, number of the thread, 8 bytes of salt and a zero; then the lower half of the capabilities.
  if (payload[0] !== 10 || end < 2 || payload.length < end + 1 + 13 + 2) throw new NotThisProtocol();
  const version = payload.toString('latin1', 1, end);
  if (!/^[ -~]{1,80}$/.test(version)) throw new NotThisProtocol();
  // MariaDB says 5.5.5- before its own number, for old replicas of MySQL.
  return {
    version: version.replace(/^5\.5\.5-/, ''),
    tls: (payload.readUInt16LE(end + 1 + 13) & SSL) !== 0,
  };
}

/** The request to go on with TLS. */
export function tlsRequest(): Buffer {
  return start(SSL);
}

/** A login of this user without a password. */
export function login(user: string, { tls }: { readonly tls: boolean }): Buffer {
  const name = Buffer.from(`${user}\0`);
  // No bytes of a password; then the form in which it would have been.
  return Buffer.concat([start(tls ? SSL : 0), name, Buffer.of(0), Buffer.from('mysql_native_password\0')]);
}

/** @throws {NotThisProtocol} for what is no answer to a login */
export function parseAnswer(payload: Buffer): Answer {
  if (payload[0] === 0) return { is: 'welcome' };
  if (payload[0] === 0xff) return refusal(payload);
  if (payload[0] === 0xfe || payload[0] === 1) return { is: 'question' };
  throw new NotThisProtocol();
}

function start(extra: number): Buffer {
  const head = Buffer.alloc(32);
  head.writeUInt32LE(LONG_PASSWORD | PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH | extra, 0);
  head.writeUInt32LE(1024 * 1024, 4);
  // utf8mb4_general_ci
  head.writeUInt8(45, 8);
  return head;
}

/** Number and text of an error; a state of five letters stands before the text once the login has begun. */
function refusal(payload: Buffer): Extract<Answer, { readonly is: 'refusal' }> {
  if (payload.length < 3) throw new NotThisProtocol();
  const text = payload
    .toString('utf8', 3)
    .replace(/^#.{5}/s, '')
    .replaceAll(/[^\p{L}\p{N}\p{P}]+/gu, ' ');
  return { is: 'refusal', code: payload.readUInt16LE(1), text: text.trim().slice(0, 160) };
}
