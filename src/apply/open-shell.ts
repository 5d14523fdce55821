import type { Connection } from '../connect/connection.ts';
import { program } from '../connect/program.ts';
import { openAsRoot } from '../connect/root.ts';
import type { RootSecrets } from '../connect/root-secrets.ts';
import { RootShell } from '../connect/root-shell.ts';
import type { Host } from '../host/host.ts';
import type { SessionOptions } from './session.ts';

/**
 * Becomes root on a connection, and starts the program that answers a session's requests.
 * @throws {ConnectError} when the host does not let us become root.
 */
export async function openShell(
  connection: Connection,
  host: Host,
  { ask }: SessionOptions,
  secrets: RootSecrets,
): Promise<RootShell> {
  const channel = await openAsRoot(connection, program, { sudo: host.connect.sudo, ask, secrets });
  return new RootShell(channel, connection.target);
}
