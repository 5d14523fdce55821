import type { Adoption } from './adoption.ts';

export const adoption: Adoption = {
  spec: { name: 'hwadopt', gid: 4711 },
  before: 'groupadd -g 4710 hwadopt',
  looks: 'getent group hwadopt',
  original: 'hwadopt:x:4710',
};
