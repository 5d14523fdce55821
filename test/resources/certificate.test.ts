import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { certificatePaths } from '../../src/resources/certificate/paths.ts';
import { kind } from '../../src/resources/certificate.ts';
import type { DiffContext } from '../../src/resources/kind.ts';

const DAY = 86_400;
const NAMES = ['attic', '192.168.1.2', '2001:db8::1'];
/** Both are for these names and for one key; the one by that very key, the other by another. */
const [ours, theirs] = ['ours', 'theirs'].map((name) =>
  readFileSync(new URL(`../fixtures/certificates/${name}.pem`, import.meta.url)),
);
/** Of that key. */
const PUBLIC =
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEewcEv93myCczgshxWF0MhnXjOZzfX+cYIUW7kFs1cOODO1M1aN4tD5fl+KugEZbZMJYXSyP8OHndPPzH8Bu32w==';
/** When they begin, in seconds since 1970. */
const BEGIN = 1795387150;
const P384 = 'MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE';

const spec = (names: readonly string[] = NAMES) =>
  kind.schema.parse({ name: 'blog', source: 'self-signed', names, group: 'ssl-cert' });

interface Found {
  readonly certificate?: Buffer | string | undefined;
  /** What openssl says of the key: its public half, nothing, or `?` where there is no openssl. */
  readonly key?: string | undefined;
  /** Days since the certificates began. */
  readonly age?: number;
  readonly keyMode?: string;
}

/** What the plan says of a host on which that is found. */
function differenceOf(found: Found, names = NAMES, context: Partial<DiffContext> = {}) {
  const { certificate = ours, key = PUBLIC, age = 1, keyMode = '640' } = found;
  const paths = certificatePaths('blog');
  const line = (path: string, mode: string, group: string, what: string) =>
    `${path}\tregular file\t${mode}\troot\t${group}\t${what}\n`;
  const output = [
    `now\t${BEGIN + age * DAY}\n`,
    'certificate' in found && found.certificate === undefined
      ? ''
      : line(paths.certificate, '644', 'root', Buffer.from(certificate ?? '').toString('base64')),
    'key' in found && found.key === undefined ? '' : line(paths.key, keyMode, 'ssl-cert', key),
  ].join('');
  const [state] = kind.parse(Buffer.from(output), [spec(names)]);
  if (!state) throw new Error('nothing was understood');
  const remembered = `self-signed ${NAMES.join(' ')}`;
  return kind.diff(spec(names), state, { adopted: false, remembered, ...context });
}

describe('a certificate of ours', () => {
  const same = 'make a new certificate with the same key';
  const both = 'make a new key and certificate';
  const all = NAMES.join(', ');
  const end = new Date((BEGIN + 824 * DAY) * 1000).toISOString().slice(0, 10);

  it.each<[string, Found, string | undefined]>([
    ['is good', {}, undefined],
    ['is good while a third of its life is left', { age: 550 }, undefined],
    ['is renewed in its last third', { age: 551 }, `${same} for ${all}: the one there is valid until ${end}`],
    ['is renewed when it is over', { age: 900 }, `${same} for ${all}: the one there is valid until ${end}`],
    ['is good where nobody can look at the key', { key: '?' }, undefined],
    ['is missing', { certificate: undefined }, `${same} for ${all}: the certificate is missing`],
    ['is broken', { certificate: 'x' }, `${same} for ${all}: the certificate cannot be read`],
    ['has lost its key', { key: undefined }, `${both} for ${all}: the key is missing`],
    ['has a broken key', { key: '' }, `${both} for ${all}: the key cannot be read`],
    [
      'has the key of another',
      { key: PUBLIC.replace(/.{4}$/, 'AAA=') },
      `${both} for ${all}: the key does not belong to the certificate`,
    ],
    ['has a key of another kind', { key: P384 }, `${both} for ${all}: the key is not an ECDSA key on P-256`],
    [
      'lets others read its key',
      { keyMode: '644' },
      'set key.pem 0640 root:ssl-cert (was 0644 root:ssl-cert)',
    ],
  ])('%s', (_, found, summary) => {
    const difference = differenceOf(found);
    expect(difference?.summary).toBe(summary);
    expect(difference?.conflict).toBeUndefined();
  });

  it('is not good before it begins: the host had the wrong time when it was made', () => {
    expect(differenceOf({ age: -1 })?.summary).toContain('is valid only from');
  });

  it('keeps its key when its names change, and asks nobody', () => {
    expect(differenceOf({}, ['attic', 'blog.example.org'])).toEqual({
      action: 'update',
      summary: `${same} for attic, blog.example.org: the one there is for ${all}`,
    });
    expect(differenceOf({}, NAMES.toReversed())).toBeUndefined();
  });
});

describe('a certificate that somebody has put there', () => {
  it('is replaced only when the user says so', () => {
    const summary = `make a new certificate with the same key for ${NAMES.join(', ')}: the one there was issued by CN=Family`;
    expect(differenceOf({ certificate: theirs })).toEqual({ action: 'update', summary, conflict: 'edited' });
    const elsewhere = differenceOf({}, ['b'], { remembered: 'self-signed a' });
    expect(elsewhere?.conflict).toBe('edited');
  });
});

describe('its script', () => {
  it('names no key but by its public half, and is the same for the same state', () => {
    const [state] = kind.parse(Buffer.from(`now\t${BEGIN}\n`), [spec()]);
    if (!state) throw new Error('nothing was understood');
    const { change, undo } = kind.step(spec(), state);
    expect(kind.step(spec(), { ...state, now: state.now + 60 }).change).toEqual(change);
    expect(change.text).toContain('subjectAltName = DNS:attic, IP:192.168.1.2, IP:2001:db8::1\n');
    expect(undo?.text).toContain(certificatePaths('blog').key);
  });
});

describe('a certificate that the agent gets', () => {
  const acme = (names: readonly string[] = NAMES, more = {}) =>
    kind.schema.parse({ name: 'blog', source: 'acme', names, group: 'ssl-cert', ...more });
  const paths = certificatePaths('blog');
  const other = PUBLIC.replace(/.{4}$/, 'AAA=');

  function summaryOf(
    certificate: Buffer | undefined,
    age: number,
    key: string,
    wanted = acme(),
    mode = '640',
  ) {
    const output = `now\t${BEGIN + age * DAY}\n${paths.certificate}\tregular file\t644\troot\troot\t${certificate?.toString('base64')}\n${paths.key}\tregular file\t${mode}\troot\tssl-cert\t${key}\n`;
    const [state] = kind.parse(Buffer.from(output), [wanted]);
    if (!state) throw new Error('nothing was understood');
    return kind.diff(wanted, state, { adopted: false, remembered: `acme ${NAMES.join(' ')}` });
  }

  it('leaves what an authority has issued, also when it is over or lacks a name', () => {
    expect(summaryOf(theirs, 1, PUBLIC)).toBeUndefined();
    expect(summaryOf(theirs, 9_000, PUBLIC)).toBeUndefined();
    expect(summaryOf(theirs, 1, PUBLIC, acme([...NAMES, 'another.example.org']))).toBeUndefined();
    expect(summaryOf(theirs, 1, '?')).toBeUndefined();
  });

  it('makes a stand-in anew that is over or lacks a name', () => {
    expect(summaryOf(ours, 800, PUBLIC)).toBeUndefined();
    expect(summaryOf(ours, 825, PUBLIC)?.summary).toContain('valid until');
    expect(summaryOf(ours, 1, PUBLIC, acme(['another.example.org']))?.summary).toContain(
      'the one there is for',
    );
  });

  it('makes a stand-in for a pair that does not work, and asks nobody', () => {
    expect(summaryOf(theirs, 1, other)).toMatchObject({ action: 'update' });
    expect(summaryOf(theirs, 1, other)).not.toHaveProperty('conflict');
  });

  it('gives the key to its owner alone, where that is not root', () => {
    expect(summaryOf(theirs, 1, PUBLIC, acme(NAMES, { owner: 'postgres' }))?.summary).toContain(
      'set key.pem 0600 postgres:ssl-cert',
    );
  });
});
