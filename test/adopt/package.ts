import type { Adoption } from './adoption.ts';

export const adoption: Adoption = {
  nothing: 'A package that is installed is as declared, whoever installed it.',
};
