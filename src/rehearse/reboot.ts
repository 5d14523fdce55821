import { setTimeout as pause } from 'node:timers/promises';
import { capture } from '../connect/capture.ts';
import type { Connection } from '../connect/connection.ts';
import { HostError, InterruptedError } from '../errors.ts';
import { sh } from '../quote.ts';

/** Milliseconds a machine has to come back. */
const PATIENCE = 90_000;
/** Milliseconds between two attempts to log in. */
const AGAIN = 250;
/** Seconds a network has to give the machine its addresses again: DHCP and router advertisements may come after sshd. */
const ADDRESSES = 20;

/** What a reboot took away. */
export interface Losses {
  /** Names of units that failed to start. */
  readonly units: readonly string[];
  /** Addresses that the machine had before, each with the length of its prefix. */
  readonly addresses: readonly string[];
}

/**
 * Reboots the machine and waits until it is up again: all its services started or given up, and its addresses there.
 * @param connect a new connection as root
 * @throws {HostError} when it does not come back
 */
export async function reboot(connect: () => Promise<Connection>, signal: AbortSignal): Promise<Losses> {
  const before = await withConnection(connect, async (connection) => {
    const id = await bootId(connection);
    const { stdout } = await capture(connection, sh`${addresses}`);
    // The connection may end before the command does.
    await capture(connection, sh`systemctl reboot`).catch(() => undefined);
    return { id, addresses: lines(stdout) };
  });
  const deadline = performance.now() + PATIENCE;
  while (performance.now() < deadline) {
    if (signal.aborted) throw new InterruptedError('Interrupted while the machine was rebooting.');
    const losses = await withConnection(connect, async (connection) =>
      (await bootId(connection)) === before.id ? undefined : settled(connection, before.addresses),
    ).catch(() => undefined);
    if (losses) return losses;
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

/** Prints the addresses that can be used and stay: no temporary ones (RFC 8981), none that is still being tried (RFC 4862). */
const addresses = sh`ip -o address show scope global 2>/dev/null | grep -v -w -e temporary -e tentative | tr -s ' ' | cut -d' ' -f4 | sort`;

/** Waits for the end of booting (systemctl(1), is-system-running), then for the addresses from before. */
async function settled(connection: Connection, wanted: readonly string[]): Promise<Losses> {
  const script = sh`systemctl is-system-running --wait >/dev/null 2>&1
n=0
while :; do
  lost=
  have=" $(${addresses} | tr '\n' ' ')"
  for address in ${wanted}; do case $have in *" $address "*) ;; *) lost="$lost$address
" ;; esac done
  [ -n "$lost" ] && [ "$n" -lt ${ADDRESSES * 4} ] || break
  n=$((n+1)); sleep 0.25
done
systemctl list-units --failed --plain --no-legend --no-pager 2>/dev/null
echo '##addresses'
printf %s "$lost"`;
  const { stdout } = await capture(connection, script);
  const [units = '', lost = ''] = stdout.split('##addresses\n');
  return { units: lines(units).map((line) => line.split(' ')[0] ?? ''), addresses: lines(lost) };
}

function lines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
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
