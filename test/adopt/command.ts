import type { Adoption } from './adoption.ts';

export const adoption: Adoption = {
  nothing: 'A command has no state of its own: its guard says whether it has to run.',
};
