/**
 * Types for the inputs of recipes. Each refuses in plain words what could break out of a file, a path or a command,
 * and normalises what may be written in more than one way. Add what the wizard asks with `.meta({ question, help })`.
 */
import { posix } from 'node:path';
import { domainToASCII } from 'node:url';
import { z } from 'zod';
import { checkCidr, normaliseCidr } from './cidr.ts';
import { type Complaint, kindOf, show } from './complaint.ts';

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/u;
const LONE_SURROGATE = /\p{Surrogate}/u;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** A host name (RFC 1123) of one label or more, in lower case; other scripts become punycode. No final dot. */
export function domain(what = 'a domain name', example = 'blog.example.org') {
  return words(`${what} such as ${example}`, (value) => domainComplaint(value, what))
    .overwrite((value) => domainToASCII(value))
    .meta({ input: 'domain' });
}

/** One label of a host name: letters, digits and inner hyphens, at most 63, in lower case. */
export function hostLabel() {
  return words('a name such as attic', (value) =>
    LABEL.test(value.toLowerCase())
      ? undefined
      : complain(value, 'a host name', 'it has letters, digits and hyphens inside, at most 63'),
  )
    .overwrite((value) => value.toLowerCase())
    .meta({ input: 'hostLabel' });
}

/** A local folder, relative to the host file. It is scanned when the host file is loaded. */
export function folder() {
  return words('the path of a folder such as ./public', (value) => {
    if (value === '')
      return { message: 'the path of the folder is empty', hint: 'For this folder write ".".' };
    if (value.startsWith('~')) return complain(value, 'a path', '~ is not expanded here', HINTS.folder);
    return unprintable(value, 'a path');
  }).meta({ input: 'folder' });
}

/** A TCP or UDP port, 1 to 65535. */
export function port() {
  return z
    .number({ error: (issue) => wrongType('a port number', issue.input) })
    .int({ error: 'a port is a whole number' })
    .min(1, { error: (issue) => `${show(issue.input)} is not a port: the lowest is 1` })
    .max(65_535, { error: (issue) => `${show(issue.input)} is not a port: the highest is 65535` })
    .meta({ input: 'port' });
}

/** An account on the host, by the rule of Debian's adduser, at most 32 characters (useradd(8)). */
export function userName() {
  return words('a user name such as family', (value) =>
    /^[a-z][-a-z0-9_]{0,31}$/.test(value)
      ? undefined
      : complain(
          value,
          'a user name',
          'it starts with a small letter; small letters, digits, - and _ follow; at most 32',
        ),
  ).meta({ input: 'userName' });
}

/** A path on the host: absolute, without `..`, never `/` itself; doubled and final slashes are dropped. */
export function absolutePath() {
  return words('a path such as /srv/files', (value) => {
    const wrong = unprintable(value, 'a path');
    if (wrong) return wrong;
    if (!value.startsWith('/')) return complain(value, 'an absolute path', 'it does not start with /');
    if (value.split('/').includes('..')) return complain(value, 'a path for here', 'it must not hold ..');
    if (tidyPath(value) === '/') return complain(value, 'a path for here', 'that is the whole file system');
    if (Buffer.byteLength(value) > 4095) return { message: 'the path is longer than 4095 bytes' };
    if (value.split('/').some((part) => Buffer.byteLength(part) > 255))
      return { message: 'a name in the path is longer than 255 bytes, which no file system of Linux takes' };
    return undefined;
  })
    .overwrite(tidyPath)
    .meta({ input: 'absolutePath' });
}

/** A range of IPv4 or IPv6 addresses such as 192.168.1.0/24, host bits zero; IPv6 in the form of RFC 5952. */
export function cidr() {
  return words('a range of addresses such as 192.168.1.0/24', checkCidr)
    .overwrite(normaliseCidr)
    .meta({ input: 'cidr' });
}

/** A systemd unit with its suffix (systemd.unit(5)): `nginx.service`. */
export function unitName() {
  const pattern =
    /^(?!-)[A-Za-z0-9:_.@\\-]+\.(?:service|socket|timer|path|mount|target|slice|device|swap|automount|scope)$/;
  return words('a unit such as nginx.service', (value) =>
    value.length <= 255 && pattern.test(value)
      ? undefined
      : complain(value, 'the name of a systemd unit', 'it ends in .service, .timer and so on'),
  ).meta({ input: 'unitName' });
}

/** A kernel setting in the notation of sysctl(8): `net.ipv4.ip_forward`. */
export function sysctlKey() {
  return words('a kernel setting such as net.ipv4.ip_forward', (value) =>
    value.length <= 255 && /^[A-Za-z0-9_]+(?:[./][A-Za-z0-9_][A-Za-z0-9_-]*)+$/.test(value)
      ? undefined
      : complain(value, 'the name of a kernel setting', 'it is words joined by dots'),
  ).meta({ input: 'sysctlKey' });
}

/** A Debian package (Debian Policy §5.6.1), without architecture or version. */
export function packageName() {
  return words('a package such as nginx', (value) =>
    value.length <= 128 && /^[a-z0-9][a-z0-9+.-]+$/.test(value)
      ? undefined
      : complain(value, 'the name of a package', 'it has small letters, digits, +, - and ., at least two'),
  ).meta({ input: 'packageName' });
}

/** A file's mode as four octal digits in text, `"0644"`. YAML 1.2 reads a bare 0644 as the decimal number 644. */
export function fileMode() {
  return words(
    'a file mode such as "0644"',
    (value) =>
      /^[0-7]{3,4}$/.test(value) ? undefined : complain(value, 'a file mode', 'it is 3 or 4 octal digits'),
    'a file mode is written in quotes, "0644": YAML reads a bare 0644 as the decimal number 644',
  )
    .overwrite((value) => value.padStart(4, '0'))
    .meta({ input: 'fileMode' });
}

/** Text on one line: no control characters, not empty. */
export function oneLine() {
  return words('text on one line', (value) =>
    value === '' ? { message: 'the text is empty' } : unprintable(value, 'text on one line'),
  ).meta({ input: 'oneLine' });
}

/** Text of any number of lines. No NUL. */
export function text() {
  return words('text', (value) => {
    if (value.includes('\0')) return { message: 'the text holds a NUL character' };
    return LONE_SURROGATE.test(value) ? { message: 'the text holds half a character' } : undefined;
  }).meta({ input: 'text' });
}

const HINTS = { folder: 'Write it in full, or relative to the host file: ./public.' } as const;

/** A string schema with one check, which says what is wrong or nothing; `otherType` is told to whoever wrote a non-string. */
function words(
  what: string,
  check: (value: string) => Complaint | undefined,
  otherType?: string,
): z.ZodString {
  return z.string({ error: (issue) => wrongType(what, issue.input, otherType) }).check((context) => {
    const complaint = check(context.value);
    if (!complaint) return;
    const { message, hint } = complaint;
    context.issues.push({
      code: 'custom',
      input: context.value,
      message,
      continue: false,
      ...(hint && { params: { hint } }),
    });
  });
}

/** A missing value says what is missing; one of the wrong type what it is. */
function wrongType(what: string, input: unknown, otherType?: string): string {
  if (input === undefined) return `missing: ${what}`;
  return otherType ?? `${what} is expected, not ${kindOf(input)}`;
}

function complain(value: string, what: string, why: string, hint?: string): Complaint {
  return { message: `${show(value)} is not ${what}: ${why}`, ...(hint && { hint }) };
}

function unprintable(value: string, what: string): Complaint | undefined {
  if (CONTROL.test(value)) return complain(value, what, 'it holds a line break or another control character');
  return LONE_SURROGATE.test(value) ? complain(value, what, 'it holds half a character') : undefined;
}

function tidyPath(value: string): string {
  const tidy = posix.normalize(value);
  return tidy.length > 1 ? tidy.replace(/\/$/, '') : tidy;
}

function domainComplaint(value: string, what: string): Complaint | undefined {
  const wrong = (why: string, hint?: string) => complain(value, what, why, hint);
  if (value === '') return { message: `${what} is expected, and this is empty` };
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value))
    return wrong('it is an address of a page', 'Write the name alone.');
  if (value.startsWith('*.')) return wrong('a wildcard has no place here', 'Name each domain.');
  if (value.endsWith('.')) return wrong('it ends in a dot', 'Leave out the final dot.');
  const odd = /[^\p{L}\p{M}\p{N}.-]/u.exec(value)?.[0];
  if (odd !== undefined) return wrong(odd === ' ' ? 'it holds a space' : `it holds ${show(odd)}`);
  const ascii = domainToASCII(value);
  const labels = ascii.split('.');
  if (ascii === '' || ascii.length > 253 || !labels.every((label) => LABEL.test(label)))
    return wrong('its parts have letters, digits and hyphens inside, at most 63, in all 253');
  if (/^\d+$/.test(labels.at(-1) ?? '')) return wrong('it is an IP address or ends in a number');
  return undefined;
}
