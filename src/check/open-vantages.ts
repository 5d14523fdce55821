import type { Connection } from '../connect/connection.ts';
import type { CauseId } from './causes.ts';
import type { Vantage } from './vantage.ts';
import type { VantageName } from './vantage-names.ts';
import { hereVantage } from './vantages/here.ts';
import { peerVantage } from './vantages/peer.ts';
import { selfVantage } from './vantages/self.ts';

/** A place that can be tested from, or why it cannot. */
export type OpenedVantage =
  | { readonly name: string; readonly vantage: Vantage }
  | { readonly name: string; readonly failure: VantageFailure };

export interface VantageFailure {
  readonly cause: CauseId;
  readonly detail: string;
  readonly address: string;
  readonly port: number;
}

/** A vantage on another machine. */
export type PeerName = Exclude<VantageName, { kind: 'self' | 'here' }>;

/** What opening vantages needs of the world. */
export interface VantageWorld {
  /** The open connection to the host under test. */
  readonly self: Pick<Connection, 'forward' | 'exec'>;
  logIn(name: PeerName): Promise<Connection>;
  /** A person may be asked for passwords. */
  readonly interactive: boolean;
}

/** Opens every place that was asked for. One that fails does not stop the others: it is a finding. */
export async function openVantages(
  names: readonly VantageName[],
  world: VantageWorld,
): Promise<OpenedVantage[]> {
  if (!world.interactive) return Promise.all(names.map((name) => openOne(name, world)));
  // Several may ask for a password: one after the other.
  const opened: OpenedVantage[] = [];
  for (const name of names) opened.push(await openOne(name, world));
  return opened;
}

async function openOne(name: VantageName, world: VantageWorld): Promise<OpenedVantage> {
  if (name.kind === 'self') return { name: name.name, vantage: selfVantage(world.self) };
  if (name.kind === 'here') return { name: name.name, vantage: hereVantage() };
  try {
    return { name: name.name, vantage: await peerVantage(name.name, await world.logIn(name)) };
  } catch (error) {
    const { host, port = 22 } = name.kind === 'peer' ? name.target : { host: name.name };
    const detail = (error as Error).message;
    return { name: name.name, failure: { cause: 'vantage-unreachable', detail, address: host, port } };
  }
}
