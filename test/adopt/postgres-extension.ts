import type { Adoption } from './adoption.ts';

export const adoption: Adoption = {
  nothing: 'an extension that is there is what was wanted, whoever added it',
};
