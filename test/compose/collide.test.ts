import { expect, it } from 'vitest';
import { collisions } from '../../src/compose/collide.ts';
import type { Endpoint } from '../../src/compose/recipe.ts';

const role = (name: string, ...endpoints: Partial<Endpoint>[]) => ({
  name,
  endpoints: endpoints.map(
    (endpoint): Endpoint => ({ name: 'e', protocol: 'tcp', port: 80, prove: { probe: 'tcp' }, ...endpoint }),
  ),
});
const pairs = (...roles: ReturnType<typeof role>[]) =>
  collisions(roles).map(({ first, second }) => `${first.role} ${second.role} ${second.endpoint.port}`);

it.each<[string, ReturnType<typeof role>[], string[]]>([
  ['different ports', [role('a', {}), role('b', { port: 81 })], []],
  ['different protocols', [role('a', {}), role('b', { protocol: 'udp' })], []],
  ['shared by the same', [role('a', { sharedBy: 'nginx' }), role('b', { sharedBy: 'nginx' })], []],
  [
    'shared under different names',
    [
      role('a', { sharedBy: 'nginx', sharedAs: ['a.test'] }),
      role('b', { sharedBy: 'nginx', sharedAs: ['b.test'] }),
    ],
    [],
  ],
  [
    'shared under the same name',
    [
      role('a', { sharedBy: 'nginx', sharedAs: ['a.test'] }),
      role('b', { sharedBy: 'nginx', sharedAs: ['b.test'] }),
      role('c', { sharedBy: 'nginx', sharedAs: ['c.test', 'b.test'] }),
    ],
    ['b c 80'],
  ],
  ['shared by others', [role('a', { sharedBy: 'nginx' }), role('b', { sharedBy: 'caddy' })], ['a b 80']],
  ['shared by one only', [role('a', { sharedBy: 'nginx' }), role('b', {})], ['a b 80']],
  ['a range beside a port', [role('a', { port: 21_000, lastPort: 21_009 }), role('b', { port: 21_010 })], []],
  [
    'a range that ends on a port',
    [role('a', { port: 21_000, lastPort: 21_009 }), role('b', { port: 21_009 })],
    ['a b 21009'],
  ],
  [
    'ranges that overlap, behind others that do not',
    [
      role('a', { port: 80 }, { port: 21_000, lastPort: 21_009 }),
      role('b', { port: 20_990, lastPort: 21_000 }),
      role('c', { port: 21_005, lastPort: 21_006, protocol: 'udp' }),
    ],
    ['a b 20990'],
  ],
  ['one role against itself', [role('a', {}, {})], ['a a 80']],
  ['three', [role('a', {}), role('b', {}), role('c', {}, { port: 81 })], ['a b 80', 'a c 80']],
])('%s', (_, roles, expected) => {
  expect(pairs(...roles)).toEqual(expected);
});
