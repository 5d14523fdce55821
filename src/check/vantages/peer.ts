import { capture } from '../../connect/capture.ts';
import type { Connection } from '../../connect/connection.ts';
import { HostError } from '../../errors.ts';
import { canonicalAddress, familyOf } from '../../facts/address.ts';
import { sections } from '../../facts/sections.ts';
import { joinShell, type Shell, sh } from '../../quote.ts';
import { UNKNOWN_SOURCE, type Vantage } from '../vantage.ts';
import { exchangeThrough } from './datagram.ts';

/** Another machine, through an ssh connection to it: nothing is installed there, and nothing is written. */
export async function peerVantage(name: string, connection: Connection): Promise<Vantage> {
  const part = sections(await run(connection, sh`echo "##connection"; printf '%s\n' "$SSH_CONNECTION"`));
  const [seen = ''] = part('connection').trim().split(' ');
  return {
    name,
    kind: 'peer',
    ...(familyOf(seen) ? { seesUsAs: canonicalAddress(seen) } : {}),
    async sources(targets) {
      return parseRoutes(await run(connection, routesScript(targets)), targets);
    },
    open: (address, port, timeoutMs) => connection.forward(address, port, timeoutMs),
    exchange: (...datagram) => exchangeThrough(connection, ...datagram),
    close: () => connection.close(),
  };
}

/** `ip route get` (ip-route(8)) looks a route up without sending anything; a peer that has no `ip` says so. */
export function routesScript(targets: readonly string[]): Shell {
  const asks = targets.map((target, index) => sh`echo "##t${index}"; ip -o route get ${target} 2>/dev/null`);
  return joinShell([
    sh`PATH="$PATH:/usr/sbin:/sbin"; command -v ip >/dev/null || { echo "##no-ip"; exit 0; }`,
    ...asks,
    sh`true`,
  ]);
}

/** `192.168.1.20 dev eth0 src 192.168.1.7 uid 0`; unreachable targets print nothing, or `unreachable …`. */
export function parseRoutes(output: string, targets: readonly string[]): Map<string, string> {
  if (/^##no-ip$/m.test(output)) return new Map(targets.map((target) => [target, UNKNOWN_SOURCE]));
  const part = sections(output);
  const found = new Map<string, string>();
  for (const [index, target] of targets.entries()) {
    const line = part(`t${index}`).trim();
    if (line === '' || /^(unreachable|blackhole|prohibit|throw)\b/.test(line)) continue;
    const source = / src (\S+)/.exec(line)?.[1];
    found.set(target, source === undefined ? UNKNOWN_SOURCE : canonicalAddress(source));
  }
  return found;
}

/** @throws {HostError} when the command fails; {ConnectError} when the connection is lost. */
async function run(connection: Connection, command: Shell): Promise<string> {
  const { code, stdout } = await capture(connection, command);
  if (code === 0) return stdout;
  throw new HostError(`A command on ${connection.target} failed (exit ${code ?? 'by a signal'}).`);
}
