import { kindOf } from '../compose/complaint.ts';
import { UserError } from '../errors.ts';
import { raise } from './problems.ts';
import { FORMAT } from './schema.ts';
import { find, locateValue, type MapTree, toValue } from './tree.ts';
import type { Parsed } from './yaml.ts';

/**
 * The keys of a host file, whatever they are.
 * @throws {UserError} for a file that is empty, no group of keys, or of a format that this version does not know:
 * then anything else that is wrong with it would be noise.
 */
export function readRoot(parsed: Parsed, file: string): MapTree {
  const { tree } = parsed;
  if (tree?.kind === 'map') {
    checkFormat(tree);
    return tree;
  }
  const written = tree && toValue(tree);
  const empty = written === undefined || written === null;
  const message = empty
    ? 'the host file is empty'
    : `a host file is a group of keys such as host and roles, not ${kindOf(written)}`;
  const hint = empty
    ? 'Make one with: hostwright init'
    : 'It has lines such as host: attic. Is it the right file?';
  raise(parsed, [{ at: tree?.at ?? { file, line: 1, column: 1 }, message, hint, absent: true }]);
  throw new UserError({ at: { file, line: 1, column: 1 }, message, hint });
}

function checkFormat(root: MapTree): void {
  const format = find(root, ['hostwright']);
  if (!format) return;
  const at = locateValue(root, ['hostwright']);
  const value = toValue(format);
  if (value === FORMAT) return;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > FORMAT)
    throw new UserError({
      at,
      message: `this host file has format ${value} and was made by a newer hostwright; this one reads format ${FORMAT}`,
      hint: 'Update hostwright.',
    });
  throw new UserError({
    at,
    message: `hostwright: the format of this file is the number ${FORMAT}, not ${kindOf(value)}`,
    hint: `Write hostwright: ${FORMAT}, or leave the line out.`,
  });
}
