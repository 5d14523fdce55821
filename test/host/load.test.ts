import { symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AGENT_FOLDER } from '../../src/compose/agent/folder.ts';
import type { Target } from '../../src/connect/connection.ts';
import { makePlace, type Place } from './load-text.ts';

const FULL = `# yaml-language-server: $schema=./.hostwright/schema.json
hostwright: 1
host: Attic
connect: { ssh: pi@192.168.1.20 }
network: { lan: [10.8.0.0/24, "FD00:0::/64"], interface: eth0 }
roles:
  # The blog.
  blog: { recipe: web, domain: Blog.Example.org, source: ./public, expose: internet }
  web:
    source: public
    domain: bücher.example
  firewall:
`;

let place: Place;
beforeAll(async () => {
  place = await makePlace();
});
afterAll(() => place[Symbol.asyncDispose]());

describe('a host file', () => {
  it('is read with its recipes, folders and templates', async () => {
    const host = await place.load(FULL);
    expect(host).toMatchObject({
      file: 'host.yaml',
      directory: place.directory,
      name: 'attic',
      connect: { kind: 'ssh', host: '192.168.1.20', user: 'pi', backend: 'auto', sudo: 'auto' },
      network: { lan: ['10.8.0.0/24', 'fd00::/64'], interface: 'eth0' },
    });
    const roles = host.roles.map(({ name, recipe, expose, input }) => ({ name, recipe, expose, input }));
    expect(roles).toEqual([
      {
        name: 'blog',
        recipe: 'web',
        expose: 'internet',
        input: { source: './public', domain: 'blog.example.org', port: 80, alone: false },
      },
      {
        name: 'web',
        recipe: 'web',
        expose: 'lan',
        input: { source: 'public', domain: 'xn--bcher-kva.example', port: 80, alone: false },
      },
      { name: 'firewall', recipe: 'firewall', expose: 'host', input: {} },
    ]);
    expect([...host.folders.keys()]).toEqual(['./public', 'public', AGENT_FOLDER]);
    expect(host.folders.get('./public')?.files.map(({ path }) => path)).toEqual(['index.html', 'style.css']);
    expect(host.templates).toEqual(new Map([['web/server.conf', 'listen {{port}};']]));
  });

  it('knows where each role and each of its keys stands', async () => {
    const { roles } = await place.load(FULL);
    const [blog, web] = roles;
    expect(blog?.at()).toEqual({ file: 'host.yaml', line: 8, column: 3 });
    expect(blog?.at('domain')).toEqual({ file: 'host.yaml', line: 8, column: 24 });
    expect(web?.at('source')).toEqual({ file: 'host.yaml', line: 10, column: 5 });
    expect(web?.at('port'), 'a default stands nowhere').toEqual({ file: 'host.yaml', line: 9, column: 3 });
  });

  it('may have a byte order mark and the line ends of Windows', async () => {
    const host = await place.load(`\ufeff${FULL.replaceAll('\n', '\r\n')}`);
    expect(host.roles.map(({ name }) => name)).toEqual(['blog', 'web', 'firewall']);
  });

  it('does not upload itself with the folder that it lies in', async () => {
    const { folders } = await place.load('host: a\nconnect: local\nroles: { web: { source: . } }\n');
    expect(folders.get('.')?.skipped).toEqual([{ path: 'host.yaml', reason: 'it belongs to the host file' }]);
    expect(folders.get('.')?.files.map(({ path }) => path)).not.toContain('host.yaml');
  });

  it('says where to connect to before the roles are read, and not at all when its head is wrong', async () => {
    const seen: Target[] = [];
    const onTarget = (target: Target) => seen.push(target);
    await place.refuse('host: a\nconnect: local\nroles: { x: {} }\n', { onTarget });
    await place.refuse('host: a b\nconnect: local\nroles: {}\n', { onTarget });
    expect(seen).toEqual([{ kind: 'local', sudo: 'auto' }]);
  });

  it('reports a file inside a folder that cannot be uploaded', async () => {
    await using other = await makePlace();
    await writeFile(join(other.directory, 'public', 'two\nlines'), '');
    const { message } = await other.refuse('host: a\nconnect: local\nroles: { web: { source: public } }\n');
    expect(message).toBe(
      'host.yaml:3:17: roles.web.source: public: the name of "two\\nlines" holds a line break, a control character or no UTF-8\n  Rename it.',
    );
  });

  it('is not found', async () => {
    await using other = await makePlace();
    await symlink('nowhere', join(other.directory, 'public', 'link'));
    await expect(other.refuse('', { cwd: join(other.directory, 'public') })).resolves.toMatchObject({
      message: 'there is no host file host.yaml\n  Make one with: hostwright init',
    });
  });
});

describe('connect', () => {
  const KEY = join(homedir(), '.ssh/attic');
  it.each<[string, Target]>([
    ['local', { kind: 'local', sudo: 'auto' }],
    ['lab', { kind: 'lab', name: 'default', sudo: 'auto' }],
    ['{ lab: two, sudo: ask }', { kind: 'lab', name: 'two', sudo: 'ask' }],
    ['{ local: }', { kind: 'local', sudo: 'auto' }],
    ['{ local: { sudo: none } }', { kind: 'local', sudo: 'none' }],
    ['{ local: {}, sudo: "command:doas sh" }', { kind: 'local', sudo: { command: 'doas sh' } }],
    [
      'ssh://pi@attic:2222',
      { kind: 'ssh', host: 'attic', user: 'pi', port: 2222, backend: 'auto', sudo: 'auto' },
    ],
    ['{ ssh: attic }', { kind: 'ssh', host: 'attic', backend: 'auto', sudo: 'auto' }],
    [
      '{ ssh: "[fd00::2]:22", user: pi, identityFile: ~/.ssh/attic, backend: openssh }',
      {
        kind: 'ssh',
        host: 'fd00::2',
        port: 22,
        user: 'pi',
        identityFile: KEY,
        backend: 'openssh',
        sudo: 'auto',
      },
    ],
  ])('reads %s', async (connect, target) => {
    const { connect: read } = await place.load(`host: a\nconnect: ${connect}\nroles: {}\n`);
    expect(read).toEqual(target);
  });

  it('is overridden by --connect, and the lab by --lab', async () => {
    const text = 'host: a\nconnect: { ssh: attic }\nroles: {}\n';
    expect((await place.load(text, { connect: 'lab', lab: 'two' })).connect).toEqual({
      kind: 'lab',
      name: 'two',
      sudo: 'auto',
    });
    expect((await place.load('host: a\nroles: {}\n', { connect: 'local' })).connect).toMatchObject({
      kind: 'local',
    });
  });

  it('is refused when --connect is', async () => {
    const { message } = await place.refuse('host: a\nroles: {}\n', { connect: 'locl' });
    expect(message).toBe(
      '--connect: "locl" is not a way to connect\n  Write local, lab, or ssh://user@host:port.',
    );
  });
});
