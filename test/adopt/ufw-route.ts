import type { Adoption } from './adoption.ts';

export const adoption: Adoption = {
  nothing: 'A rule that is there already is the one that is wanted, and stays when the role is taken back.',
};
