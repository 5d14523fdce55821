import type { Adoption } from './adoption.ts';

export const adoption: Adoption = {
  nothing: 'Only rules with the priority of hostwright are looked at; all others stay as they are.',
};
