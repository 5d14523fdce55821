import { DnsFailure } from '../../dns/failure.ts';
import { findZone } from '../../dns/query.ts';
import { serversOf, waitUntilServed } from '../../dns/served.ts';
import { update } from '../../dns/update.ts';
import type { ChallengeWay } from '../declared.ts';
import { OwnFailure } from './failure.ts';
import type { Prover } from './prove.ts';

/** Seconds to wait for the secondary servers of a zone. */
const PATIENCE = 60;
const TTL = 60;

type ByUpdates = Extract<ChallengeWay, { readonly type: 'dns-01' }>;

/** By a record that is put into the DNS by signed updates (RFC 8555 section 8.4, RFC 2136, RFC 8945). */
export function dnsProver({ server, port, key, zones = {} }: ByUpdates): Prover {
  const shown: { readonly zone: string; readonly record: string; readonly value: string }[] = [];
  return {
    type: 'dns-01',
    async show(name, _token, value) {
      const plain = name.replace(/^\*\./, '');
      const record = `_acme-challenge.${plain}`;
      const zone = await worded(async () => {
        const found = zones[name] ?? zones[plain] ?? (await findZone({ server, port }, record));
        await update({ server, port, zone: found, ...(key ? { key } : {}) }, [
          { do: 'add', name: record, type: 'TXT', data: value, ttl: TTL },
        ]);
        return found;
      });
      shown.push({ zone, record, value });
      // Only this one value: the name and its wildcard are proven by two records of one name.
      return () =>
        update({ server, port, zone, ...(key ? { key } : {}) }, [
          { do: 'remove', name: record, type: 'TXT', data: value },
        ]).catch(() => undefined);
    },
    async ready() {
      await Promise.all(
        shown.map(async ({ zone, record, value }) =>
          waitUntilServed(await serversOf({ server, port }, zone), record, value, PATIENCE),
        ),
      );
    },
  };
}

async function worded<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof DnsFailure) throw new OwnFailure('dns-update-failed', error.message, error.detail);
    throw error;
  }
}
