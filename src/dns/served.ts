import { lookup } from 'node:dns/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DnsServer } from './exchange.ts';
import { query } from './query.ts';

/** How the servers of a zone stand after waiting. */
export interface Served {
  /** Every server that answers shows it, and at least one does. */
  readonly everywhere: boolean;
  /** Servers that answer, and do not show it. */
  readonly lacking: readonly string[];
  /** Servers that this host can't ask: a CA may well be able to. */
  readonly silent: readonly string[];
}

/** Milliseconds between questions, and for an answer. */
const BETWEEN = 1_000;
const PATIENCE = 3_000;

/**
 * Waits until every server shows a text at a name, for dns-01 (RFC 8555 §8.4). Servers that can't be asked from here are
 * not waited for longer than until all others show it. Never rejects.
 * @param seconds at most
 */
export async function waitUntilServed(
  servers: readonly DnsServer[],
  name: string,
  value: string,
  seconds: number,
): Promise<Served> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const seen = await Promise.all(
      servers.map(async (at) => ({ server: at.server, shows: await shows(at, name, value) })),
    );
    const of = (wanted: boolean | undefined) =>
      seen.filter((one) => one.shows === wanted).map(({ server }) => server);
    const result = {
      everywhere: of(true).length > 0 && of(false).length === 0,
      lacking: of(false),
      silent: of(undefined),
    };
    if (result.everywhere || Date.now() + BETWEEN >= end) return result;
    await sleep(BETWEEN);
  }
}

/** `undefined`: the server can't be asked. */
async function shows(at: DnsServer, name: string, value: string): Promise<boolean | undefined> {
  try {
    const { values } = await query(at, name, 'TXT', PATIENCE);
    return values.includes(value);
  } catch {
    return undefined;
  }
}

/**
 * The servers that a zone names (NS), with addresses as this host looks them up, and the one that was asked first. Ones
 * that nobody can look up are left out. Never rejects.
 */
export async function serversOf(primary: DnsServer, zone: string): Promise<readonly DnsServer[]> {
  const names = await query(primary, zone, 'NS', PATIENCE).then(
    ({ values }) => values.slice(0, 8),
    () => [],
  );
  const found = await Promise.all(
    names.map((name) =>
      lookup(name, { all: true }).then(
        (addresses) => addresses.slice(0, 4).map(({ address }) => ({ server: address, port: 53 })),
        () => [],
      ),
    ),
  );
  const others = found.flat().filter(({ server }) => server !== primary.server);
  return [primary, ...others];
}
