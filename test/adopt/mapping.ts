import type { Adoption } from './adoption.ts';

export const adoption: Adoption = {
  nothing: 'What the agent is told lies in a folder of its own, which no machine has before hostwright.',
};
