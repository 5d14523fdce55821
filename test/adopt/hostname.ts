import type { Adoption } from './adoption.ts';

export const adoption: Adoption = {
  nothing:
    'Every machine has a name, and there is only one: to declare another is to say that it goes. The plan counts it as touched.',
};
