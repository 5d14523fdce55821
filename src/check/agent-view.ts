import type { PortWish } from '../agent/declared.ts';
import type { ToldCertificate } from '../agent/told/certificates.ts';
import type { ToldPorts } from '../agent/told/ports.ts';
import { askAgent } from '../agent/told/read.ts';
import type { HostSession } from '../apply/session.ts';
import type { CauseId } from './causes.ts';
import type { CheckedEndpoint } from './expectations.ts';
import type { Report } from './report.ts';
import { isPublicAddress } from './surroundings.ts';

/** What the agent on the host knows that explains failures: read from its state, each absent where it has told nothing. */
export interface AgentView {
  readonly ports?: Pick<ToldPorts, 'ports' | 'externalAddress' | 'router' | 'address'>;
  /** Ports that it is to have mapped, by role. */
  readonly wishes?: ReadonlyMap<string, readonly PortWish[]>;
  readonly certificates?: readonly Pick<ToldCertificate, 'name' | 'verdict'>[];
}

/** Asks the agent, where the host file comes to anything for it: one exchange. */
export async function askForView(session: Pick<HostSession, 'composition' | 'read'>): Promise<AgentView> {
  const kinds = new Set(session.composition.resources.map(({ resource }) => resource.kind));
  return kinds.has('mapping') || kinds.has('acme') ? await askAgent(session) : {};
}

/** What a person has to type in on the router, where the agent cannot have it mapped. Pure. */
export function byHand({ ports, wishes = new Map() }: AgentView): Report['byHand'] {
  if (ports?.address === undefined) return undefined;
  const wanting = new Set(
    ports.ports
      .filter(({ verdict: { state } }) => state === 'no-router' || state === 'refused')
      .map(({ role, name }) => `${role} ${name}`),
  );
  const missing = [...wishes].flatMap(([role, own]) =>
    own.filter(({ name }: PortWish) => wanting.has(`${role} ${name}`)),
  );
  if (missing.length === 0) return undefined;
  return {
    ...(ports.router === undefined ? {} : { router: ports.router }),
    host: ports.address,
    ports: missing,
  };
}

/** Why a port is not reached over the router's address, along the path, and what the agent says of it. */
export interface RouterCause {
  readonly cause: CauseId;
  readonly detail?: string;
}

/** Why nobody outside gets to an endpoint by the address `seen`, which is the one that others have of the router. Pure. */
export function routerCause(
  endpoint: Pick<CheckedEndpoint, 'role' | 'port' | 'protocol'>,
  seen: string,
  { ports }: AgentView,
): RouterCause {
  const { role, port, protocol } = endpoint;
  const verdict = ports?.ports.find(
    (one) => one.port === port && one.protocol === protocol && one.role === role,
  )?.verdict;
  const external = ports?.externalAddress;
  if (!verdict) return { cause: 'no-port-mapping' };
  if (verdict.state === 'no-router')
    return { cause: 'router-no-answer', detail: plainDetail(verdict.detail) };
  if (verdict.state === 'taken') {
    const by = verdict.by === undefined ? '' : `${verdict.by} has it. `;
    return { cause: 'router-port-taken', detail: plainDetail(`${by}${verdict.detail}`) };
  }
  if (verdict.state === 'refused') return { cause: 'router-refused', detail: plainDetail(verdict.detail) };
  if (external !== undefined && (external !== seen || !isPublicAddress(external)))
    return { cause: 'shared-address', detail: `the router has the address ${plainDetail(external)} outside` };
  return { cause: 'provider-blocks' };
}

/** What became of the order for a role's certificate, where that failed. Pure. */
export function orderFailure(role: string, { certificates = [] }: AgentView): string | undefined {
  const verdict = certificates.find(({ name }) => name === role)?.verdict;
  return verdict?.state === 'failed' ? plainDetail(verdict.text) : undefined;
}

/** The agent repeats what strangers told it: printable, and short. */
function plainDetail(text: string): string {
  return text
    .replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]+/gu, ' ')
    .trim()
    .slice(0, 300);
}
