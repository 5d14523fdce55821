import { randomBytes } from 'node:crypto';
import { isIPv4 } from 'node:net';
import type { Mapping } from '../../router/router.ts';
import { objectIn, replaceFile, textOf } from '../files.ts';

/** A mapping that this host has asked its router for, so that it can take it back later. */
export interface Entry extends Mapping {
  /** The address of this host that it leads to. */
  readonly hostAddress: string;
  readonly gateway: string;
}

/** What tells mappings apart: a router passes each port of each protocol on once. */
export const keyOf = ({ protocol, externalPort }: Pick<Mapping, 'protocol' | 'externalPort'>): string =>
  `${externalPort}/${protocol}`;

/** Mappings that are ours, by {@link keyOf}. What cannot be read counts as none: leases end by themselves. */
export async function readLedger(path: string): Promise<Map<string, Entry>> {
  const { entries } = objectIn(await textOf(path, 1_000_000)) ?? {};
  const good = Array.isArray(entries) ? entries.filter(isEntry) : [];
  return new Map(good.map((entry) => [keyOf(entry), entry]));
}

export async function writeLedger(path: string, entries: ReadonlyMap<string, Entry>): Promise<void> {
  await replaceFile(path, `${JSON.stringify({ entries: [...entries.values()] })}\n`);
}

/** By what this host is known to its router; made once. */
export async function readSecret(path: string): Promise<Buffer> {
  const known = Buffer.from((await textOf(path, 100)) ?? '', 'hex');
  if (known.length >= 16) return known;
  const made = randomBytes(32);
  await replaceFile(path, made.toString('hex'), 0o600);
  return made;
}

function isEntry(value: unknown): value is Entry {
  const { protocol, port, externalPort, hostAddress, gateway } = Object(value) as Partial<Entry>;
  const isPort = (one: unknown) => Number.isInteger(one) && Number(one) >= 1 && Number(one) <= 65_535;
  return (
    (protocol === 'tcp' || protocol === 'udp') &&
    isPort(port) &&
    isPort(externalPort) &&
    isIPv4(hostAddress ?? '') &&
    isIPv4(gateway ?? '')
  );
}
