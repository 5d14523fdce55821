import type { Adoption } from './adoption.ts';

export const adoption: Adoption = {
  nothing: 'An extension that is there is what was wanted, whoever added it.',
};
