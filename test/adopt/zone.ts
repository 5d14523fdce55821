import type { Adoption } from './adoption.ts';

export const adoption: Adoption = { elsewhere: 'test/lab/dns.lab.test.ts' };
