import { hostname, userInfo } from 'node:os';
import type { Origin } from '../apply/journal.ts';
import { version } from './version.ts';

/**
 * Who runs this and from where, for the journal.
 * @param folder of the host file, absolute
 * @param file the host file as it was named; empty when there is none
 */
export function originOf(folder: string, file: string): Origin {
  return {
    user: accountName(),
    machine: hostname(),
    process: process.pid,
    version: version(),
    folder,
    ...(file === '' ? {} : { file }),
  };
}

/** The same in one line, for whoever finds the host busy. */
export function describeOwner({ user, machine, process: id }: Origin): string {
  return `${user}@${machine}, process ${id}`;
}

/** An account without an entry in the password database (containers) has no name. */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}
