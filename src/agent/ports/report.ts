import type { RouterProtocol } from '../../router/router.ts';
import type { PortState, PortVerdict } from '../declared.ts';
import type { HostNetwork } from '../network.ts';
import type { SinglePort } from './declared.ts';
import { keyOf } from './ledger.ts';
import { lineOf, type Standing } from './standing.ts';
import { writePortsState } from './state.ts';

/** How all ports stand, and where. */
export interface Report {
  /** Of the declarations. */
  readonly digest: string;
  readonly network: HostNetwork;
  /** Absent: no router answers. */
  readonly protocol?: RouterProtocol;
  readonly externalAddress: string | undefined;
  readonly ports: readonly PortState[];
}

/**
 * Writes how ports stand for the command line to read, and a line to the log for each that stands otherwise than before.
 * @param before what was written last
 * @returns what is written now; the same as before where nothing has changed
 */
export async function report(
  { path, tell }: { readonly path: string; readonly tell: (text: string) => void },
  { digest, network: { gateway, address }, protocol, externalAddress, ports }: Report,
  before: string | undefined,
): Promise<string> {
  const about = {
    ...(gateway === undefined ? {} : { router: gateway }),
    ...(protocol === undefined ? {} : { protocol }),
  };
  const written = await writePortsState(
    path,
    {
      declared: digest,
      ...about,
      ...(address === undefined ? {} : { address }),
      ...(externalAddress === undefined ? {} : { externalAddress }),
      ports,
    },
    before,
  );
  if (written === before) return written;
  const said =
    before === undefined ? [] : (JSON.parse(before) as { readonly ports: readonly PortState[] }).ports;
  for (const one of ports) {
    const was = said.find((other) => other.role === one.role && keyOf(other) === keyOf(one));
    if (JSON.stringify(was?.verdict) !== JSON.stringify(one.verdict))
      tell(lineOf(`${one.role} ${keyOf(one)}`, one.verdict, about));
  }
  return written;
}

/** How one port stands; two roles may want the same one outside. */
export function verdictOf(
  port: SinglePort,
  all: readonly SinglePort[],
  standings: ReadonlyMap<string, Standing>,
): PortVerdict {
  const same = all.filter((other) => keyOf(other) === keyOf(port));
  // The last one's wish is what was asked for.
  const asked = same.at(-1);
  if (asked && asked.port !== port.port)
    return { state: 'refused', detail: `‘${asked.role}’ wants it for port ${asked.port}.` };
  return (
    standings.get(keyOf(port))?.verdict ?? {
      state: 'no-router',
      detail: 'The router gives no answer at the moment; it is asked again.',
    }
  );
}
