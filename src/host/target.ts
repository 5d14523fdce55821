import { isIPv4, isIPv6 } from 'node:net';
import { type Complaint, show } from '../compose/complaint.ts';
import type { SshTarget, Sudo, Target } from '../connect/connection.ts';
import { UserError } from '../errors.ts';

export const DEFAULT_LAB = 'default';

const FORMS = 'Write local, lab, or ssh://user@host:port.';

/** The part of an ssh target that is one text: `pi@192.168.1.20:22`, `[fd00::2]:22`, `attic`. */
export type SshPlace = Pick<SshTarget, 'host' | 'user' | 'port'>;

/**
 * Reads `--connect`, or `connect:` written as one word: `local`, `lab`, `ssh://user@host:port` or `user@host:port`.
 * A bare word is not taken for a host, since it may be a slip of the pen: `ssh://attic` is.
 * @throws {UserError} saying what is wrong with it.
 */
export function parseTarget(text: string): Target {
  const target = readTarget(text);
  if ('message' in target) throw new UserError({ ...target, message: `--connect: ${target.message}` });
  return target;
}

/** As {@link parseTarget}, with the complaint returned. */
export function readTarget(text: string): Target | Complaint {
  if (text === 'local') return { kind: 'local', sudo: 'auto' };
  if (text === 'lab') return { kind: 'lab', name: DEFAULT_LAB, sudo: 'auto' };
  if (!text.includes('@') && !text.startsWith('ssh://'))
    return { message: `${show(text)} is not a way to connect`, hint: FORMS };
  const place = readSshPlace(text);
  return 'message' in place ? place : { kind: 'ssh', ...place, backend: 'auto', sudo: 'auto' };
}

/**
 * Reads an ssh target strictly: nothing in it can be taken for an option of ssh, and it holds no password
 * (which is not repeated in the complaint).
 */
export function readSshPlace(text: string): SshPlace | Complaint {
  const rest = text.startsWith('ssh://') ? text.slice('ssh://'.length).replace(/\/$/, '') : text;
  const at = rest.lastIndexOf('@');
  const user = at < 0 ? undefined : rest.slice(0, at);
  if (user?.includes(':'))
    return { message: 'a password has no place here', hint: 'Leave it out: hostwright asks for it.' };
  if (user !== undefined && !/^[A-Za-z0-9_][A-Za-z0-9_.+@-]{0,63}$/.test(user))
    return { message: `${show(user)} is not a user name`, hint: 'It has letters, digits, dots, - and _.' };
  const hostAndPort = rest.slice(at + 1);
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([^:]*))?$/.exec(hostAndPort) ?? [];
  if (bracketed === undefined && plain === undefined)
    return {
      message: `${show(hostAndPort)} is not a host`,
      hint: 'Write an IPv6 address in brackets: [fd00::2].',
    };
  const host = bracketed ?? plain ?? '';
  const wrong = bracketed === undefined ? wrongName(host) : wrongAddress(host);
  if (wrong) return wrong;
  const number = port === undefined ? undefined : readPort(port);
  if (typeof number === 'object') return number;
  return { host, ...(user !== undefined && { user }), ...(number !== undefined && { port: number }) };
}

/** Reads `connect.jump`: hosts with commas between, each as in {@link readSshPlace}. */
export function readJump(text: string): readonly SshPlace[] | Complaint {
  const places = text.split(',').map((part) => readSshPlace(part.trim()));
  const wrong = places.find((place) => 'message' in place);
  return wrong && 'message' in wrong ? wrong : places.filter((place) => 'host' in place);
}

/** Reads `connect.sudo`: `auto`, `none`, `ask` or `command:…`. */
export function readSudo(text: string): Sudo | Complaint {
  if (text === 'auto' || text === 'none' || text === 'ask') return text;
  const command = /^command:\s*(\S.*)$/u.exec(text)?.[1];
  if (command !== undefined && !/[\u0000-\u001f\u007f]/.test(command)) return { command };
  return {
    message: `${show(text)} is not a way to become root`,
    hint: 'Write none, ask, or command:doas sh.',
  };
}

function wrongName(host: string): Complaint | undefined {
  if (host === '') return { message: 'the host is missing', hint: 'Write user@host.' };
  if (host.startsWith('-')) return { message: `${show(host)} is not a host: it begins with a hyphen` };
  const wellFormed = host.length <= 253 && /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?$/.test(host);
  if (!wellFormed || host.includes('..'))
    return { message: `${show(host)} is not a host: it has letters, digits, dots and hyphens` };
  if (/^[\d.]+$/.test(host) && !isIPv4(host)) return { message: `${show(host)} is not an IPv4 address` };
  return undefined;
}

function wrongAddress(host: string): Complaint | undefined {
  const [address = '', zone] = host.split(/%(.*)/s);
  const fits = isIPv6(address) && (zone === undefined || /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/.test(zone));
  return fits ? undefined : { message: `${show(host)} is not an IPv6 address` };
}

function readPort(text: string): number | Complaint {
  if (/^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535) return Number(text);
  return { message: `${show(text)} is not a port: it is a number from 1 to 65535` };
}
