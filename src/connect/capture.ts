import { buffer } from 'node:stream/consumers';
import type { Shell } from '../quote.ts';
import type { Connection, ExitStatus } from './connection.ts';

/** A short command's whole output. */
export interface Captured extends ExitStatus {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command to its end and keeps its output in memory: for short ones only.
 * @throws {ConnectError} when the connection is lost first
 */
export async function capture(
  connection: Pick<Connection, 'exec'>,
  command: Shell,
  input = '',
): Promise<Captured> {
  const channel = await connection.exec(command);
  channel.stdin.end(input);
  const [stdout, stderr, status] = await Promise.all([
    buffer(channel.stdout),
    buffer(channel.stderr),
    channel.exit,
  ]);
  return { ...status, stdout: stdout.toString(), stderr: stderr.toString() };
}
