import { z } from 'zod';
import { show } from '../../compose/complaint.ts';

/**
 * A user or group that may be older than hostwright, for owners and memberships: `www-data`, `_chrony`, `Debian-exim`.
 * What hostwright creates itself obeys the stricter rule of `userName()`.
 */
export function accountName() {
  return z.string().check((context) => {
    if (/^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/.test(context.value)) return;
    context.issues.push({
      code: 'custom',
      input: context.value,
      message: `${show(context.value)} is not the name of a user or group: letters, digits, _, . and -, at most 32`,
    });
  });
}
