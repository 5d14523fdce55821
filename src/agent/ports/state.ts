import { FORMAT, type PortState, type PortsState } from '../declared.ts';
import { objectIn, replaceFile, textOf } from '../files.ts';

/** Bytes of the state that are read. */
const MOST = 1_000_000;

/** The agent's own state; undefined for what is none. */
export async function readPortsState(path: string): Promise<PortsState | undefined> {
  const state = objectIn(await textOf(path, MOST)) as Partial<PortsState> | undefined;
  const isWhole =
    state?.format === FORMAT &&
    typeof state.declared === 'string' &&
    Array.isArray(state.ports) &&
    state.ports.every(isPortState) &&
    [state.router, state.protocol].every((one) => one === undefined || typeof one === 'string');
  return isWhole ? (state as PortsState) : undefined;
}

/** Writes the state where it says anything else than the last one. */
export async function writePortsState(
  path: string,
  state: Omit<PortsState, 'format' | 'at' | 'ports'> & { readonly ports: readonly PortState[] },
  last: string | undefined,
): Promise<string> {
  const text = JSON.stringify(state);
  if (text !== last)
    await replaceFile(
      path,
      `${JSON.stringify({ format: FORMAT, at: new Date().toISOString(), ...state }, null, 1)}\n`,
    );
  return text;
}

/** What lines for people are made of; the rest of it nobody reads here. */
function isPortState(value: unknown): value is PortState {
  const { role, name, protocol, externalPort, verdict } = Object(value) as Partial<PortState>;
  const { state, detail, by } = Object(verdict) as {
    readonly [key in 'state' | 'detail' | 'by']?: unknown;
  };
  const isGood = state === 'mapped' || state === 'not-needed';
  const isBad = state === 'taken' || state === 'refused' || state === 'no-router';
  return (
    typeof role === 'string' &&
    typeof name === 'string' &&
    (protocol === 'tcp' || protocol === 'udp') &&
    Number.isInteger(externalPort) &&
    (isGood || (isBad && typeof detail === 'string')) &&
    (by === undefined || typeof by === 'string')
  );
}
