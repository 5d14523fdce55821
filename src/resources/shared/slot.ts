import { createHash } from 'node:crypto';
import { type Shell, sh } from '../../quote.ts';

/**
 * The file below `"$HW_BEFORE"` in which the resource `kind:key` saves what undoing will need. Several files of
 * one resource differ by a suffix appended to it: sh`${slot('user', 'pi')}.groups`.
 */
export function slot(kind: string, key: string): Shell {
  return sh`"$HW_BEFORE"/${`${kind}-${createHash('sha256').update(key).digest('hex').slice(0, 32)}`}`;
}
