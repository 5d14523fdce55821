import { expect, it } from 'vitest';
import { inputs } from '../../../recipes/site/inputs.ts';

it.each([
  ['/srv/shared/www', true],
  ['/srv/home/www', true],
  ['/home/anna/www', false],
  ['/root/www', false],
  ['/tmp/www', false],
  ['/var/tmp', false],
])('a folder on the host that nginx cannot see is refused: %s', (root, accepted) => {
  expect(inputs.safeParse({ root }).success).toBe(accepted);
});
