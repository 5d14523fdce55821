import type { Adoption } from './adoption.ts';

export const adoption: Adoption = {
  nothing: 'The folder of the agent has its name, which no machine has before hostwright.',
};
