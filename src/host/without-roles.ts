import { UserError } from '../errors.ts';
import { removeRole } from './edit.ts';
import type { Host } from './host.ts';
import { find } from './tree.ts';
import { parseYaml } from './yaml.ts';

/**
 * A host file without the roles that `host` is planned without, though its own text has them.
 * @returns undefined when there is none, or one that cannot be taken out without changing something else
 */
export function withoutRoles(text: string, { text: whole = '', roles }: Host): string | undefined {
  const written = find(parseYaml(whole, '').tree, ['roles']);
  const names = written?.kind === 'map' ? [...written.entries.keys()] : [];
  const gone = names.filter((name) => !roles.some((role) => role.name === name));
  if (gone.length === 0) return undefined;
  try {
    return gone.reduce(removeRole, text);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
