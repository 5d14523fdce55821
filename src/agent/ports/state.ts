import { FORMAT, type PortState, type PortsState } from '../declared.ts';
import { objectIn, replaceFile, textOf } from '../files.ts';

/** Bytes of the state that are read. */
const MOST = 1_000_000;

/** The agent's own state; undefined for what is none. */
export async function readPortsState(path: string): Promise<PortsState | undefined> {
  const state = objectIn(await textOf(path, MOST)) as Partial<PortsState> | undefined;
  const isWhole =
    state?.format === FORMAT && typeof state.declared === 'string' && Array.isArray(state.ports);
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
