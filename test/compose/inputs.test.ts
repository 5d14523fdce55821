import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { inputMeta } from '../../src/compose/input-meta.ts';
import {
  absolutePath,
  cidr,
  domain,
  fileMode,
  folder,
  hostLabel,
  oneLine,
  packageName,
  port,
  sysctlKey,
  text,
  unitName,
  userName,
} from '../../src/compose/inputs.ts';

const inputs = {
  absolutePath,
  cidr,
  domain,
  fileMode,
  folder,
  hostLabel,
  oneLine,
  packageName,
  port,
  sysctlKey,
  text,
  unitName,
  userName,
};
type Input = keyof typeof inputs;

describe('accepted, in the one form that goes on', () => {
  it.each<[Input, unknown, unknown?]>([
    ['domain', 'Blog.Example.org', 'blog.example.org'],
    ['domain', 'bücher.example', 'xn--bcher-kva.example'],
    ['domain', 'localhost'],
    ['hostLabel', 'Attic-2', 'attic-2'],
    ['folder', './public'],
    ['folder', '.'],
    ['port', 65_535],
    ['userName', 'www-data'],
    ['absolutePath', '/srv//files/', '/srv/files'],
    ['cidr', '192.168.1.0/24'],
    ['cidr', 'FD00:0:0::/48', 'fd00::/48'],
    ['cidr', '0.0.0.0/0'],
    ['unitName', 'getty@tty1.service'],
    ['sysctlKey', 'net.ipv4.conf.eth0/100.rp_filter'],
    ['packageName', 'libstdc++6'],
    ['fileMode', '644', '0644'],
    ['fileMode', '4755'],
    ['oneLine', 'Grüße'],
    ['text', 'two\nlines'],
  ])('%s %j', (name, value, out = value) => {
    expect(inputs[name]().parse(value)).toBe(out);
  });
});

describe('refused, saying why', () => {
  it.each<[Input, unknown, string]>([
    ['domain', 'bad domain;rm -rf /', '"bad domain;rm -rf /" is not a domain name: it holds a space'],
    ['domain', 'a;b', '"a;b" is not a domain name: it holds ";"'],
    ['domain', 'a"b', '"a\\"b" is not a domain name: it holds "\\""'],
    ['domain', 'a\nb', '"a\\nb" is not a domain name: it holds "\\n"'],
    [
      'domain',
      '-a.example',
      '"-a.example" is not a domain name: its parts have letters, digits and hyphens inside, at most 63, in all 253',
    ],
    ['domain', '192.168.1.1', '"192.168.1.1" is not a domain name: it is an IP address or ends in a number'],
    [
      'domain',
      '１２７.0.0.1',
      '"１２７.0.0.1" is not a domain name: it is an IP address or ends in a number',
    ],
    ['domain', '*.example.org', '"*.example.org" is not a domain name: a wildcard has no place here'],
    [
      'domain',
      'https://example.org/',
      '"https://example.org/" is not a domain name: it is an address of a page',
    ],
    ['domain', 5, 'a domain name such as blog.example.org is expected, not the number 5'],
    ['hostLabel', 'a.b', '"a.b" is not a host name: it has letters, digits and hyphens inside, at most 63'],
    ['folder', '', 'the path of the folder is empty'],
    ['folder', '~/public', '"~/public" is not a path: ~ is not expanded here'],
    ['folder', 'a\0b', '"a\\u0000b" is not a path: it holds a line break or another control character'],
    ['port', 0, '0 is not a port: the lowest is 1'],
    ['port', 65_536, '65536 is not a port: the highest is 65535'],
    ['port', '80', 'a port number is expected, not text'],
    [
      'userName',
      'root; reboot',
      '"root; reboot" is not a user name: it starts with a small letter; small letters, digits, - and _ follow; at most 32',
    ],
    ['absolutePath', '/', '"/" is not a path for here: that is the whole file system'],
    ['absolutePath', '/./', '"/./" is not a path for here: that is the whole file system'],
    [
      'absolutePath',
      `/srv/${'é'.repeat(128)}`,
      'a name in the path is longer than 255 bytes, which no file system of Linux takes',
    ],
    ['absolutePath', '/srv/../etc', '"/srv/../etc" is not a path for here: it must not hold ..'],
    ['absolutePath', 'srv', '"srv" is not an absolute path: it does not start with /'],
    [
      'cidr',
      '192.168.1.20/24',
      '"192.168.1.20/24" is not a range of addresses: it is an address within a range',
    ],
    [
      'cidr',
      '010.0.0.0/8',
      '"010.0.0.0/8" is not a range of addresses: it is an address, a slash and a number of bits',
    ],
    [
      'cidr',
      '10.0.0.0/08',
      '"10.0.0.0/08" is not a range of addresses: after the slash stands a number from 0 to 32',
    ],
    ['cidr', '10.0.0.0', '"10.0.0.0" is not a range of addresses: the number of bits is missing'],
    [
      'cidr',
      'fe80::%eth0/64',
      '"fe80::%eth0/64" is not a range of addresses: it is an address, a slash and a number of bits',
    ],
    [
      'unitName',
      '-x.service',
      '"-x.service" is not the name of a systemd unit: it ends in .service, .timer and so on',
    ],
    ['sysctlKey', 'net..ipv4', '"net..ipv4" is not the name of a kernel setting: it is words joined by dots'],
    [
      'packageName',
      '-oDebug',
      '"-oDebug" is not the name of a package: it has small letters, digits, +, - and ., at least two',
    ],
    [
      'fileMode',
      644,
      'a file mode is written in quotes, "0644": YAML reads a bare 0644 as the decimal number 644',
    ],
    ['fileMode', '0888', '"0888" is not a file mode: it is 3 or 4 octal digits'],
    [
      'oneLine',
      'a\u2028b',
      '"a\\u2028b" is not text on one line: it holds a line break or another control character',
    ],
    ['text', 'a\0', 'the text holds a NUL character'],
  ])('%s %j', (name, value, message) => {
    const { error } = z.safeParse(inputs[name](), value);
    expect(error?.issues.map((issue) => issue.message)).toEqual([message]);
  });
});

describe('whatever is written', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(
        fc.constantFrom(
          'a',
          '1',
          '.',
          '/',
          '-',
          ':',
          ' ',
          '\n',
          "'",
          '"',
          '$',
          ';',
          '\0',
          'é',
          '%',
          '..',
          '\ud800',
        ),
      )
      .map((all) => all.join('')),
  );
  const safe: Partial<Record<Input, RegExp>> = {
    domain: /^[a-z0-9.-]+$/,
    hostLabel: /^[a-z0-9-]+$/,
    userName: /^[a-z][a-z0-9_-]*$/,
    absolutePath: /^\/[^\u0000-\u001f\u007f]+$/,
    cidr: /^[0-9a-f.:]+\/\d+$/,
    unitName: /^[A-Za-z0-9:_.@\\][A-Za-z0-9:_.@\\-]*$/,
    sysctlKey: /^[A-Za-z0-9_][A-Za-z0-9_./-]*$/,
    packageName: /^[a-z0-9][a-z0-9+.-]+$/,
    fileMode: /^[0-7]{4}$/,
    oneLine: /^[^\u0000-\u001f\u007f-\u009f]+$/,
    text: /^[^\0]*$/,
  };
  it.each(Object.entries(safe))('what passes %s is harmless, and passes again unchanged', (name, pattern) => {
    const schema = inputs[name as Input]();
    fc.assert(
      fc.property(nasty, (text) => {
        const { data } = z.safeParse(schema, text);
        if (data === undefined) return;
        expect(data).toMatch(pattern);
        expect(z.safeParse(schema, data).data).toBe(data);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('metadata', () => {
  it('is found through wrappers, and adds up', () => {
    const schema = inputs
      .folder()
      .meta({ question: 'Which?' })
      .default('.')
      .meta({ help: 'It is uploaded.' })
      .optional();
    expect(inputMeta(schema)).toMatchObject({ input: 'folder', question: 'Which?', help: 'It is uploaded.' });
  });
});
