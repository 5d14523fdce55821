import type { RecipeContext, RecipeParts } from '../../src/compose/recipe.ts';
import { kind as file } from '../../src/resources/file.ts';
import { kind as hostname } from '../../src/resources/hostname.ts';
import type { Input } from './inputs.ts';

/** The machine's name: only on the user's word. */
export function nameParts({ input, facts, host, template }: RecipeContext<Input>): Required<RecipeParts> {
  const { hostname: name } = input;
  const { cloudInit } = facts.machine;
  if (name === undefined) {
    const now = facts.os.hostname;
    const text = `The machine keeps its name${now === '' ? '' : ` ${now}`}, since the host file does not give it another; \`hostname: ${host}\` under this role does.`;
    return { resources: [], notes: [{ level: 'info', text }] };
  }
  const resources = [hostname.of({ name })];
  if (!cloudInit) return { resources, notes: [] };
  const text =
    'cloud-init is told to leave the name and /etc/hosts alone: at the next boot it would give the machine its old name again.';
  const user =
    'Who made this machine has told cloud-init to write /etc/hosts (manage_etc_hosts in its user data), and that goes before any file here: the name in /etc/hosts may come back at the next boot.';
  return {
    resources: [
      file.of({ path: '/etc/cloud/cloud.cfg.d/99-hostwright.cfg', content: template('cloud.cfg', { host }) }),
      ...resources,
    ],
    notes: [
      { level: 'info', text },
      ...(cloudInit.userHosts ? [{ level: 'warning' as const, text: user }] : []),
    ],
  };
}
