import { afterAll, beforeAll, expect, it } from 'vitest';
import { makePlace, type Place } from './load-text.ts';

let place: Place;
beforeAll(async () => {
  place = await makePlace();
});
afterAll(() => place[Symbol.asyncDispose]());

const MIB = 1024 * 1024;

it.each<[string, Uint8Array | string, string]>([
  [
    'Latin 1',
    Buffer.from('host: a\n# caf\xe9\n', 'latin1'),
    'host.yaml:2:6: the host file is not UTF-8 from here on',
  ],
  ['UTF-16', Buffer.from('\ufeffhost: a\n', 'utf16le'), 'host.yaml:1:1: the host file is UTF-16, not UTF-8'],
  [
    'NUL',
    'host: a\nro\0les: {}\n',
    'host.yaml:2:3: a control character (U+0000) has no place in a host file',
  ],
  [
    'a lone carriage return',
    'host: a\rroles: {}\n',
    'host.yaml:1:8: a control character (U+000D) has no place in a host file',
  ],
  [
    'more than 1 MiB',
    'x'.repeat(MIB + 1),
    'host.yaml:1:1: the host file is longer than 1 MiB: that is no host file',
  ],
  [
    '1 MiB of one word',
    'x'.repeat(MIB),
    'host.yaml:1:1: a host file is a group of keys such as host and roles, not text',
  ],
])('refuses %s', async (_, bytes, first) => {
  const { message } = await place.refuse(bytes);
  expect(message.split('\n')[0]).toBe(first);
});

// Each of these takes minutes when the whole is composed: 1 MiB of it is refused in well under the time limit.
it.each([
  '[',
  '{',
  '"',
  '\n',
  '- ',
  '*a ',
  '&a ',
  '}',
  '"" ',
  ': ',
  '? ',
  '[a]: ',
  '{a: ',
  '---\n',
  'a: {}\n',
  '!a\n',
  '|\n',
  '\t',
  '#',
])(
  'is quick with 1 MiB of %j',
  async (noise) => {
    const { problems } = await place.refuse(noise.repeat(MIB / noise.length));
    expect(problems[0]?.at).toMatchObject({ line: expect.any(Number), column: expect.any(Number) });
  },
  5_000,
);
