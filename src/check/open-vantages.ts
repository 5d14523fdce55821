import type { Ask, Connection, SshTarget } from '../connect/connection.ts';
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

/** What opening vantages needs of the world. */
export interface VantageWorld {
  /** The open connection to the host under test. */
  readonly self: Pick<Connection, 'forward'>;
  /** How to log in to a machine of the lab; undefined when there is no such machine. */
  labTarget(node: string): Promise<SshTarget | undefined>;
  /** Logs in to a peer. */
  connect(target: SshTarget, ask: Ask): Promise<Connection>;
  readonly ask: Ask;
}

/** Opens every place that was asked for. One that fails does not stop the others: it is a finding. */
export async function openVantages(
  names: readonly VantageName[],
  world: VantageWorld,
): Promise<OpenedVantage[]> {
  // Several peers may each ask for a password: one after the other. Without a person they all go at once.
  if (!world.ask.interactive) return Promise.all(names.map((name) => openOne(name, world)));
  const opened: OpenedVantage[] = [];
  for (const name of names) opened.push(await openOne(name, world));
  return opened;
}

async function openOne(name: VantageName, world: VantageWorld): Promise<OpenedVantage> {
  if (name.kind === 'self') return { name: name.name, vantage: selfVantage(world.self) };
  if (name.kind === 'here') return { name: name.name, vantage: hereVantage() };
  const target = name.kind === 'peer' ? name.target : await world.labTarget(name.name);
  if (!target) return unreachable(name.name, `the running lab has no machine "${name.name}" to log in to`);
  try {
    const connection = await world.connect(target, world.ask);
    return { name: name.name, vantage: await peerVantage(name.name, connection) };
  } catch (error) {
    return unreachable(name.name, (error as Error).message, target);
  }
}

function unreachable(name: string, detail: string, target?: SshTarget): OpenedVantage {
  const { host = '', port = 22 } = target ?? {};
  return { name, failure: { cause: 'vantage-unreachable', detail, address: host, port } };
}
