import type { Adoption } from './adoption.ts';

export const adoption: Adoption = { elsewhere: 'test/lab/mariadb.lab.test.ts' };
