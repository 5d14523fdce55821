import { hostname, userInfo } from 'node:os';

/** Who runs this and from where, for the journal and for whoever finds the host busy. */
export function describeOwner(): string {
  return `${accountName()}@${hostname()}, process ${process.pid}`;
}

/** An account without an entry in the password database (containers) has no name. */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}
