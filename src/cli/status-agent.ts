import { AGENT, BY_HAND } from '../agent/places.ts';
import { portSentence } from '../agent/told/ports.ts';
import type { AgentTold } from '../agent/told/read.ts';
import type { HostSession } from '../apply/session.ts';
import type { Plan } from '../plan/plan.ts';
import type { Paint } from '../ui/paint.ts';

/** Whether any role needs the agent, so that it is worth asking. */
export function hasAgent({ composition }: Pick<HostSession, 'composition'>): boolean {
  return composition.resources.some(({ resource }) => resource.id === AGENT_ID);
}

const AGENT_ID = `tree:${AGENT.code}`;

/** Whether the host has another version of the agent than this hostwright would put there. */
function isOutdated({ changes }: Plan): boolean {
  return changes.some(({ id }) => id === AGENT_ID);
}

/** What the agent keeps up, for scripts. */
export function agentObject({ ports, certificates, names, troubled }: AgentTold, plan: Plan): object {
  return {
    outdated: isOutdated(plan),
    troubled,
    certificates,
    ports: ports?.ports ?? [],
    ...(ports?.router === undefined ? {} : { router: ports.router }),
    names,
  };
}

/** What the agent keeps up, and what of it is in trouble; for people. Pure. */
export function agentLines(
  { ports, certificates, names, troubled }: AgentTold,
  plan: Plan,
  paint: Paint,
): readonly string[] {
  const good = (text: string): string => `  ${paint.good('✓')} ${text}`;
  const bad = (text: string): string => `  ${paint.bad('!')} ${text}`;
  const lines = [
    ...(isOutdated(plan)
      ? [bad('the agent on the host is not the one of this hostwright: hostwright apply')]
      : []),
    ...troubled.map(({ unit, is }) => bad(`${unit} is ${is}: see why with journalctl -u ${unit}`)),
    ...certificates.map(({ name, issued, verdict, next }) => {
      const valid = issued ? `valid until ${issued.notAfter.slice(0, 10)}` : 'none yet';
      return verdict.state === 'issued'
        ? good(`certificate ${name}: ${valid}, renewed by itself`)
        : bad(`certificate ${name}: ${valid}; ${verdict.text} Next try ${next}. More: hostwright certs list`);
    }),
    ...portLines(ports, good, bad),
    ...names.map(({ role, addresses, verdict }) =>
      verdict.state === 'current'
        ? good(`names of ${role}: ${addresses.join(' and ')} in the DNS`)
        : bad(`names of ${role}: ${verdict.text}`),
    ),
  ];
  return lines.length === 0 ? [] : ['', 'Kept up by the host itself', ...lines];
}

type Mark = (text: string) => string;

/** Ports in one line where all is well, else each that is not. */
function portLines(ports: AgentTold['ports'], good: Mark, bad: Mark): readonly string[] {
  if (!ports || ports.ports.length === 0) return [];
  const isWell = ({ verdict: { state } }: (typeof ports.ports)[number]) =>
    state === 'mapped' || state === 'not-needed';
  const failed = ports.ports.filter((one) => !isWell(one));
  if (failed.length === 0) {
    const list = ports.ports.map(({ externalPort, protocol }) => `${externalPort}/${protocol}`);
    const shown = list.length > 6 ? [...list.slice(0, 5), `and ${list.length - 5} more`] : list;
    return [good(`ports on the router: ${shown.join(', ')}`)];
  }
  const lines = failed.slice(0, 5).map((one) => {
    const role = one.role === BY_HAND ? 'opened by hand' : one.role;
    return bad(`${role}: ${portSentence(one, ports)}`);
  });
  return [...lines, bad('what to type in on the router: hostwright ports list')];
}
