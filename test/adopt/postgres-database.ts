import type { Adoption } from './adoption.ts';

export const adoption: Adoption = { elsewhere: 'postgres.lab.test.ts' };
