import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Target } from '../../src/connect/connection.ts';
import { UserError } from '../../src/errors.ts';
import { localName } from '../../src/host/local-settings.ts';
import { makePlace, type Place } from './load-text.ts';

let place: Place;

beforeAll(async () => {
  place = await makePlace();
  return () => place[Symbol.asyncDispose]();
});

const hostFile = (connect: string): string => `host: attic\n${connect}\nroles: {}\n`;

const local = (text: string): Promise<void> => writeFile(join(place.directory, 'host.local.yaml'), text);

/** The connection that comes of both files. */
async function together(connect: string, text: string): Promise<Target> {
  await local(text);
  return (await place.load(hostFile(connect))).connect;
}

describe('host.local.yaml', () => {
  it('puts its keys in the place of the host file’s, one by one', async () => {
    const target = await together(
      'connect: { ssh: pi@attic:2222, identityFile: ~/.ssh/shared, sudo: none }',
      'connect: { user: anna, identityFile: keys/mine, jump: "anna@gate,[fd00::1]:23", sudo: ask }\n',
    );
    expect(target).toEqual({
      ...{ kind: 'ssh', host: 'attic', port: 2222, user: 'anna', backend: 'auto', sudo: 'ask' },
      identityFile: join(place.directory, 'keys/mine'),
      jump: 'anna@gate,[fd00::1]:23',
    });
  });

  it('may name another address, with the account or without', async () => {
    expect(
      await together('connect: { ssh: pi@attic }', 'connect: { ssh: attic.example.org:22 }'),
    ).toMatchObject({
      ...{ host: 'attic.example.org', user: 'pi', port: 22 },
    });
    expect(
      await together('connect: { ssh: attic, user: pi }', 'connect: { ssh: "anna@[fd00::2]" }'),
    ).toMatchObject({
      ...{ host: 'fd00::2', user: 'anna' },
    });
  });

  it('may be another way altogether, also where the host file says none', async () => {
    expect(await together('connect: { ssh: pi@attic }', 'connect: local')).toEqual({
      kind: 'local',
      sudo: 'auto',
    });
    expect(await together('connect: { ssh: pi@attic }', 'connect: { lab: mine }')).toMatchObject({
      name: 'mine',
    });
    expect(await together('', 'connect: { ssh: anna@attic }')).toMatchObject({
      host: 'attic',
      backend: 'auto',
    });
    expect(await together('', 'connect: anna@attic')).toMatchObject({ host: 'attic', user: 'anna' });
    expect(await together('connect: local', 'connect: { sudo: ask }')).toEqual({
      kind: 'local',
      sudo: 'ask',
    });
  });

  it('says nothing when it is empty, and is told of when it is not', async () => {
    expect(await together('connect: local', '')).toMatchObject({ kind: 'local' });
    expect(await together('connect: local', '# nothing yet\n')).toMatchObject({ kind: 'local' });
    await local('connect: { sudo: ask }');
    expect(await place.load(hostFile('connect: local'))).toMatchObject({ connectFrom: 'host.local.yaml' });
    expect((await place.load(hostFile('connect: local'), { connect: 'lab' })).connectFrom).toBeUndefined();
  });

  it('is used by the connection that is begun early', async () => {
    await local('connect: { user: anna }');
    const seen: Target[] = [];
    await place.load(hostFile('connect: { ssh: pi@attic }'), { onTarget: (target) => seen.push(target) });
    expect(seen).toMatchObject([{ user: 'anna' }]);
  });

  it.each([
    [
      'connect: { usr: anna, port: 0, jump: "-oProxyCommand=x" }\n',
      [
        /^host.local.yaml:1:12: connect.usr is not/,
        /Did you mean "user"/,
        /:1:29: connect.port/,
        /:1:38: connect.jump: .*hyphen/,
      ],
    ],
    ['conect: local\n', [/:1:1: conect is not a known key\n {2}Did you mean "connect"/]],
    ['connect: local\nroles: {}\n', [/:2:1: roles is not a known key/, /belongs in host.yaml/]],
    ['connect: { ssh: anna@attic, user: ben }\n', [/:1:10: .*the user is said twice/]],
    ['connect: { ssh: attic, lab: x }\n', [/exclude each other/]],
    ['- connect\n', [/:1:1: .*group of keys/]],
    ['connect: { user: anna\n', [/host.local.yaml:\d+:\d+: .*\{/]],
  ])('is refused with its own lines: %j', async (text, words) => {
    await local(text);
    const error = await place.refuse(hostFile('connect: { ssh: pi@attic }'));
    for (const word of words) expect(error.message).toMatch(word);
  });

  it('alone says no way when it has none', async () => {
    await local('connect: { user: anna }');
    const error = await place.refuse(hostFile(''));
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toMatch(/connect is missing/);
  });

  it('is never uploaded, and goes by the host file’s name', async () => {
    expect(localName('/a/attic.yml')).toBe('/a/attic.local.yaml');
    expect(localName('host.yaml')).toBe('host.local.yaml');
    await local('connect: local');
    onTestFinished(() => local(''));
    const text = 'host: attic\nconnect: local\nroles:\n  web: { source: . }\n';
    const { folders } = await place.load(text);
    expect(folders.get('.')?.files.map(({ path }) => path)).not.toContain('host.local.yaml');
  });
});
