import type { CertificateState, PortsState } from '../agent/declared.ts';
import type { CauseId } from './causes.ts';
import type { CheckedEndpoint } from './expectations.ts';
import { isPublicAddress } from './surroundings.ts';

/** What the agent on the host knows that explains failures: read from its state, each absent where it has told nothing. */
export interface AgentView {
  readonly ports?: Pick<PortsState, 'ports' | 'externalAddress'>;
  readonly certificates?: readonly Pick<CertificateState, 'name' | 'verdict'>[];
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
