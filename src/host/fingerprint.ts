import { createHash } from 'node:crypto';

/** Hex SHA-256 of a host file, whatever its line ends: git may write them differently on another computer. */
export function fingerprint(text: string): string {
  return createHash('sha256').update(text.replaceAll('\r', '')).digest('hex');
}
