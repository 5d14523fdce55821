import { defineRecipe } from '../../src/compose/recipe.ts';
import { clockParts } from './clock.ts';
import { inputs } from './inputs.ts';
import { lidParts } from './lid.ts';
import { nameParts } from './names.ts';
import { sshParts } from './ssh.ts';
import { upgradeParts } from './upgrades.ts';

export default defineRecipe({
  title: 'Basics',
  summary: 'Hardens ssh, keeps the clock right and installs security upgrades by itself.',
  menu: 30,
  stage: 'guard',
  exposable: false,
  facts: ['clock', 'machine', 'sshd', 'upgrades'],
  inputs,
  resources(context) {
    const parts = [nameParts, clockParts, lidParts, upgradeParts, sshParts].map((part) => part(context));
    return {
      resources: parts.flatMap(({ resources }) => resources),
      notes: parts.flatMap(({ notes }) => notes),
    };
  },
});
