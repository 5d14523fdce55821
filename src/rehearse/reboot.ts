import { setTimeout as pause } from 'node:timers/promises';
import { capture } from '../connect/capture.ts';
import type { Connection } from '../connect/connection.ts';
import { HostError, InterruptedError } from '../errors.ts';
import { sh } from '../quote.ts';

/** Milliseconds a machine has to come back. */
const PATIENCE = 90_000;
/** Milliseconds between two attempts to log in. */
const AGAIN = 250;

/**
 * Reboots the machine and waits until it is up again with all its services started or given up.
 * @param connect a new connection as root
 * @returns the names of units that failed to start
 * @throws {HostError} when it does not come back
 */
export async function reboot(
  connect: () => Promise<Connection>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const before = await withConnection(connect, async (connection) => {
    const id = await bootId(connection);
    // The connection may end before the command does.
    await capture(connection, sh`systemctl reboot`).catch(() => undefined);
    return id;
  });
  const deadline = performance.now() + PATIENCE;
  while (performance.now() < deadline) {
    if (signal.aborted) throw new InterruptedError('Interrupted while the machine was rebooting.');
    const failed = await withConnection(connect, async (connection) =>
      (await bootId(connection)) === before ? undefined : settled(connection),
    ).catch(() => undefined);
    if (failed) return failed;
    await pause(AGAIN);
  }
  throw new HostError(`The machine did not come back within ${PATIENCE / 1000} seconds of its reboot.`, {
    hint: 'Look at it yourself: run the rehearsal with --keep, then `hostwright lab exec box -- journalctl -b`.',
  });
}

/** Changes with every boot (random(4)); a container gets one of its own from systemd-nspawn. */
async function bootId(connection: Connection): Promise<string> {
  const { stdout, code } = await capture(connection, sh`cat /proc/sys/kernel/random/boot_id`);
  if (code !== 0 || stdout.trim() === '') throw new HostError('The machine does not tell its boot id.');
  return stdout.trim();
}

/** Waits for the end of booting (systemctl(1), is-system-running). */
async function settled(connection: Connection): Promise<readonly string[]> {
  const script = sh`systemctl is-system-running --wait >/dev/null 2>&1
systemctl list-units --failed --plain --no-legend --no-pager 2>/dev/null`;
  const { stdout } = await capture(connection, script);
  return stdout.split('\n').flatMap((line) => line.split(' ')[0] || []);
}

async function withConnection<Value>(
  connect: () => Promise<Connection>,
  work: (connection: Connection) => Promise<Value>,
): Promise<Value> {
  const connection = await connect();
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}
