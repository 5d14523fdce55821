import type { Adoption } from './adoption.ts';

export const adoption: Adoption = {
  nothing: 'Only rules whose comment begins with hostwright are looked at; all others stay as they are.',
};
