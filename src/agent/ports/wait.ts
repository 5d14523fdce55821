import { setTimeout as sleep } from 'node:timers/promises';
import type { PortState, PortsState } from '../declared.ts';
import { readPortDeclarations } from './declared.ts';
import type { PortsPlaces } from './keep.ts';
import { keyOf, readLedger } from './ledger.ts';
import { lineOf } from './standing.ts';
import { readPortsState } from './state.ts';

/** How the ports of a role stand, in lines for people. */
export interface PortsVerdict {
  readonly isWell: boolean;
  readonly lines: readonly string[];
}

/** Lines that are told; a range of hundreds of ports is summed up. */
const MOST = 6;

/**
 * Waits until the state answers the present declarations. Never rejects.
 * @param seconds at most
 * @param role only its ports; default: all
 */
export async function waitForPorts(
  places: PortsPlaces,
  seconds: number,
  role?: string,
): Promise<PortsVerdict> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const { digest } = await readPortDeclarations(places.declarations, () => undefined);
    const state = await readPortsState(places.state);
    if (state?.declared === digest) return verdictOf(state, role);
    // Also where the seconds are no number.
    if (!(Date.now() < end))
      return {
        isWell: false,
        lines: [`No answer of the router within ${seconds} seconds. The agent goes on by itself.`],
      };
    await sleep(200);
  }
}

function verdictOf(state: PortsState, role: string | undefined): PortsVerdict {
  const ports = state.ports.filter((one) => role === undefined || one.role === role);
  const good = ports.filter(({ verdict }) => verdict.state === 'mapped' || verdict.state === 'not-needed');
  const line = (one: PortState): string => lineOf(`${one.name} ${keyOf(one)}`, one.verdict, state);
  if (ports.length <= MOST) return { isWell: good.length === ports.length, lines: ports.map(line) };
  const bad = ports.filter((one) => !good.includes(one));
  return {
    isWell: bad.length === 0,
    lines: [
      `${good.length} of ${ports.length} ports are passed on by the router.`,
      ...bad.slice(0, MOST - 1).map(line),
    ],
  };
}

/**
 * Waits until nothing is mapped any more that nobody declares. Never rejects.
 * @param seconds at most
 * @returns what is left, such as `443/tcp`
 */
export async function waitUntilGone(places: PortsPlaces, seconds: number): Promise<readonly string[]> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const { ports } = await readPortDeclarations(places.declarations, () => undefined);
    const wanted = new Set(ports.map(keyOf));
    const left = [...(await readLedger(places.ledger)).keys()].filter((key) => !wanted.has(key));
    if (left.length === 0 || Date.now() >= end) return left;
    await sleep(200);
  }
}
