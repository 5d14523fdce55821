import type { RecipeContext, RecipeParts } from '../../src/compose/recipe.ts';
import { kind as directory } from '../../src/resources/directory.ts';
import { kind as file } from '../../src/resources/file.ts';
import type { Input } from './inputs.ts';

const FOLDER = '/etc/systemd/logind.conf.d';

/** A laptop as a server: awake with its lid closed, on the user's word. */
export function lidParts({ input, facts, host, template }: RecipeContext<Input>): Required<RecipeParts> {
  const { lid } = facts.machine;
  if (input.lid !== 'ignore') {
    // Somebody who has written `keep` has thought of it.
    if (!lid || input.lid === 'keep') return { resources: [], notes: [] };
    const text =
      'This machine has a lid. Closed, it goes to sleep and serves nobody; `lid: ignore` under this role keeps it awake.';
    return { resources: [], notes: [{ level: 'warning', text }] };
  }
  const text = lid
    ? 'The machine stays awake with its lid closed: see that it gets enough air.'
    : '`lid: ignore` has no effect on this machine as far as can be seen: it has no lid.';
  return {
    resources: [
      directory.of({ path: FOLDER }),
      file.of(
        { path: `${FOLDER}/50-hostwright-lid.conf`, content: template('logind.conf', { host }) },
        { notify: [{ service: 'systemd-logind', action: 'restart' }] },
      ),
    ],
    notes: [{ level: 'info', text }],
  };
}
