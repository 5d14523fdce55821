import { expect, it } from 'vitest';
import { collect } from '../../src/compose/collect.ts';
import type { Role } from '../../src/host/host.ts';
import { kind as directory } from '../../src/resources/directory.ts';
import { kind as file } from '../../src/resources/file.ts';
import { kind as group } from '../../src/resources/group.ts';
import type { Resource } from '../../src/resources/kind.ts';
import { kind as symlink } from '../../src/resources/symlink.ts';
import { kind as user } from '../../src/resources/user.ts';

/** A role on a line of its own, whose inputs say what it declares; the column is that of the path's depth. */
function role(name: string, line: number, input: Role['input'], ...resources: Resource[]) {
  const at: Role['at'] = (...path) => ({ file: 'host.yaml', line, column: 3 + path.length });
  return { role: { name, input, at } as unknown as Role, resources };
}

const told = (...roles: ReturnType<typeof role>[]): readonly string[] =>
  collect(roles).problems.map(({ at, message }) => `${at?.line}:${at?.column} ${message}`);

it.each<[string, ReturnType<typeof role>[], string]>([
  [
    'users',
    [
      role('a', 3, { users: [{ name: 'anna' }] }, user.of({ name: 'anna' })),
      role('b', 7, {}, user.of({ name: 'anna', shell: '/bin/sh' })),
    ],
    '7:3 The roles ‘a’ (host.yaml:3:6) and ‘b’ both want user:anna, and not in the same way.',
  ],
  [
    'groups',
    [
      role('a', 3, { group: 'family' }, group.of({ name: 'family', gid: 1500 })),
      role('b', 7, { family: {} }, group.of({ name: 'family' })),
    ],
    '7:4 The roles ‘a’ (host.yaml:3:4) and ‘b’ both want group:family, and not in the same way.',
  ],
  [
    'numbers of groups',
    [
      role('a', 3, {}, group.of({ name: 'family', gid: 1500 })),
      role('b', 7, {}, group.of({ name: 'friends', gid: 1500 })),
    ],
    '7:3 The roles ‘a’ (host.yaml:3:3) and ‘b’ both want the group number 1500: as family and as friends.',
  ],
  [
    'folders',
    [
      role('a', 3, { root: '/srv/a' }, directory.of({ path: '/srv/a' })),
      role('b', 7, { root: '/srv/a' }, directory.of({ path: '/srv/a', mode: '0700' })),
    ],
    '7:4 The roles ‘a’ (host.yaml:3:4) and ‘b’ both want directory:/srv/a, and not in the same way.',
  ],
  [
    'a folder and a link',
    [
      role('a', 3, { root: '/srv/a' }, directory.of({ path: '/srv/a' })),
      role('b', 7, {}, symlink.of({ path: '/srv/a', target: '/mnt' })),
    ],
    '7:3 The roles ‘a’ (host.yaml:3:4) and ‘b’ both want the path /srv/a: as a directory and as a link.',
  ],
  [
    'a role with itself',
    [
      role(
        'a',
        3,
        {},
        file.of({ path: '/etc/a', content: 'one' }),
        file.of({ path: '/etc/a', content: 'two' }),
      ),
    ],
    '3:3 The role ‘a’ (host.yaml:3:3) wants file:/etc/a twice, and not in the same way.',
  ],
])('%s', (_, roles, expected) => {
  expect(told(...roles)).toEqual([expected]);
});

it('takes for one what is wanted in the same way, and tells everybody who reads it', () => {
  const notify = (service: string) => ({ notify: [{ service, action: 'reload' as const }] });
  const conf = { path: '/etc/a', content: 'a' };
  const { resources, problems } = collect([
    role('a', 3, {}, file.of(conf, notify('one')), directory.of({ path: '/srv/a' })),
    role('b', 7, {}, file.of(conf, notify('two')), directory.of({ path: '/srv/a' })),
  ]);
  expect(problems).toEqual([]);
  expect(resources.map(({ role: owner, resource }) => [owner, resource.id])).toEqual([
    ['a', 'file:/etc/a'],
    ['a', 'directory:/srv/a'],
  ]);
  expect(resources[0]?.resource.notify.map(({ service }) => service)).toEqual(['one', 'two']);
});
