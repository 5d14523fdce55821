import type { Adoption } from './adoption.ts';

export const adoption: Adoption = {
  nothing: 'The table, its file and its unit have names of hostwright, which no machine has before it.',
};
