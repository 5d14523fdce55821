import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  findKnownKeys,
  hashName,
  judge,
  knownHostsName,
  parseFound,
  readHostKey,
  remember,
} from '../../src/connect/known-hosts.ts';
import { type KeyFolder, keyFolder } from './keys.ts';

let keys: KeyFolder;
beforeAll(() => {
  keys = keyFolder();
  for (const name of ['one', 'two']) keys.make(name);
  keys.make('rsa', { type: 'rsa' });
});
afterAll(() => keys.remove());

function shown(name: string) {
  return readHostKey(Buffer.from(keys.publicLine(name).split(' ')[1] ?? '', 'base64'));
}

function find(host: string, file: string) {
  return findKnownKeys(host, [file], process.env);
}

describe('knownHostsName', () => {
  it.each([
    ['Attic', 22, 'attic'],
    ['attic', 2222, '[attic]:2222'],
    ['fd00::2', 2222, '[fd00::2]:2222'],
  ])('%s port %i is %s', (host, port, name) => {
    expect(knownHostsName(host, port)).toBe(name);
  });
});

describe('readHostKey', () => {
  it('computes the fingerprint that ssh-keygen prints', async () => {
    const { execFileSync } = await import('node:child_process');
    const printed = execFileSync('ssh-keygen', ['-lf', keys.path('one.pub')], { encoding: 'utf8' });
    expect(printed).toContain(shown('one').fingerprint);
    expect(shown('rsa').type).toBe('ssh-rsa');
  });
});

describe('remember', () => {
  it.each([
    ['plainly', false],
    ['as a hash', true],
  ])('writes a line %s that ssh-keygen finds again', async (_how, hash) => {
    const file = join(keys.folder, `new-${hash}`, 'known_hosts');
    await remember(file, '[attic]:2222', shown('one'), hash);
    const found = await find('[attic]:2222', file);
    expect(found).toMatchObject([{ file, line: 1, type: 'ssh-ed25519', key: shown('one').key }]);
    expect(await find('attic', file)).toEqual([]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700);
    expect(readFileSync(file, 'utf8').includes('attic')).toBe(!hash);
  });

  it('adds to a file whose last line has no end', async () => {
    const file = keys.write('open', `other ${keys.publicLine('two')}`);
    await remember(file, 'attic', shown('one'), false);
    expect(await find('other', file)).toMatchObject([{ line: 1 }]);
    expect(await find('attic', file)).toMatchObject([{ line: 2 }]);
  });
});

describe('findKnownKeys', () => {
  it('understands hashed names, patterns, markers and several files', async () => {
    const one = keys.write(
      'mixed',
      [
        '# a comment',
        `${hashName('attic', Buffer.alloc(20, 7))} ${keys.publicLine('one')}`,
        `*.example.org,!bad.example.org ${keys.publicLine('two')}`,
        `@revoked attic ${keys.publicLine('rsa')}`,
        `@cert-authority *.example.org ${keys.publicLine('rsa')}`,
        '',
      ].join('\n'),
    );
    const other = keys.write('second', `attic ${keys.publicLine('rsa')}\n`);
    expect(await findKnownKeys('attic', [one, other, keys.path('absent')], process.env)).toMatchObject([
      { file: one, line: 2, type: 'ssh-ed25519' },
      { file: one, line: 4, marker: 'revoked', type: 'ssh-rsa' },
      { file: other, line: 1, type: 'ssh-rsa' },
    ]);
    expect(await find('www.example.org', one)).toMatchObject([
      { line: 3 },
      { line: 5, marker: 'cert-authority' },
    ]);
    expect(await find('bad.example.org', one)).toMatchObject([{ line: 5 }]);
  });

  it('does without ssh-keygen only where there is nothing to search', async () => {
    const env = { PATH: keys.folder };
    expect(await findKnownKeys('attic', [keys.path('absent')], env)).toEqual([]);
    const file = keys.write('some', `attic ${keys.publicLine('one')}\n`);
    await expect(findKnownKeys('attic', [file], env)).rejects.toThrow('ssh-keygen is missing');
  });
});

describe('judge', () => {
  const known = (name: string, marker?: 'revoked' | 'cert-authority') => ({
    file: 'known_hosts',
    line: 1,
    ...(marker && { marker }),
    type: shown(name).type,
    key: shown(name).key,
  });

  it('knows a key on record', () => {
    expect(judge(shown('one'), [known('rsa'), known('one')]).verdict).toBe('known');
  });

  it('calls a key of a host without any on record unknown', () => {
    expect(judge(shown('one'), []).verdict).toBe('unknown');
    expect(judge(shown('one'), [known('rsa', 'cert-authority')]).verdict).toBe('unknown');
  });

  it('calls another key changed, also one of another type', () => {
    expect(judge(shown('one'), [known('two')]).verdict).toBe('changed');
    expect(judge(shown('one'), [known('rsa')]).verdict).toBe('changed');
  });

  it('refuses a revoked key even if it is on record as well', () => {
    expect(judge(shown('one'), [known('one'), known('one', 'revoked')]).verdict).toBe('revoked');
  });
});

describe('parseFound', () => {
  it('takes nothing from noise', () => {
    expect(parseFound('', 'f')).toEqual([]);
    expect(parseFound('# Host x found: line 3 \n\nx ssh-ed25519\n', 'f')).toEqual([]);
  });
});
