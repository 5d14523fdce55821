import type { AgentTold } from '../agent/told/read.ts';
import { describeConflicts } from '../apply/refuse.ts';
import { portText } from '../compose/port-range.ts';
import type { Facts } from '../facts/facts.ts';
import type { Host, Role } from '../host/host.ts';
import type { Plan } from '../plan/plan.ts';
import { describeTotals } from '../plan/totals.ts';
import type { Paint } from '../ui/paint.ts';
import { plainLine } from '../ui/plain-text.ts';
import { agentLines, agentObject } from './status-agent.ts';

/** What a status is made of. */
export interface Seen {
  readonly host: Pick<Host, 'name' | 'roles'>;
  readonly facts: Pick<Facts, 'os' | 'runs'>;
  readonly plan: Plan;
  /** What the agent on the host tells; absent where no role needs one. */
  readonly agent?: AgentTold;
}

/** The status for scripts. */
export function statusObject({ host, facts, plan, agent }: Seen): object {
  const { active, last } = facts.runs;
  return {
    v: 1,
    host: host.name,
    os: facts.os.name,
    roles: host.roles.map((role) => {
      const { name, recipe, expose } = role;
      return { name, recipe, expose, endpoints: endpointsOf(role, plan), pending: pendingOf(role, plan) };
    }),
    changes: plan.changes.length,
    unchanged: plan.unchanged,
    kept: plan.kept ?? [],
    conflicts: plan.changes
      .filter(({ conflict }) => conflict)
      .map(({ id, role, conflict }) => ({ id, role, conflict })),
    ...(agent ? { agent: agentObject(agent, plan) } : {}),
    ...(active ? { active } : {}),
    ...(last ? { last } : {}),
    next: nextStep({ host, facts, plan }).command,
  };
}

/** The status for people. Pure. */
export function renderStatus(seen: Seen, paint: Paint): string {
  const { host, facts, plan, agent } = seen;
  const width = Math.max(4, ...host.roles.map(({ name }) => name.length));
  const roles = host.roles.map((role) => {
    const pending = pendingOf(role, plan);
    const edited = editedOf(role, plan);
    const state = [
      ...(pending > 0 ? [paint.changed(`${pending} to change`)] : []),
      ...(edited > 0 ? [paint.changed(`${edited} edited by hand`)] : []),
    ];
    const ports = endpointsOf(role, plan).map((endpoint) => `${portText(endpoint)}/${endpoint.protocol}`);
    const serves = ports.length > 0 ? paint.dim(` · ${ports.join(', ')} for ${role.expose}`) : '';
    return `  ${plainLine(role.name).padEnd(width)}  ${state.join(', ') || paint.good('as declared')}${serves}`;
  });
  const { active, last } = facts.runs;
  const { sentence, command } = nextStep(seen);
  return [
    `${paint.strong(plainLine(host.name))} ${paint.dim(`· ${plainLine(facts.os.name)}`)}`,
    ...roles,
    ...(agent ? agentLines(agent, plan, paint) : []),
    '',
    describeTotals(plan),
    ...keptLines(plan, paint),
    ...conflictLines(plan, paint),
    ...(active
      ? [paint.changed(`A run is going on: ${plainLine(active.id)} of ${plainLine(active.owner)}.`)]
      : []),
    ...(last
      ? [`Last run: ${plainLine(last.id)} of ${plainLine(last.owner)}, ${outcome(last.status, paint)}.`]
      : []),
    `${sentence} ${paint.accent(command)}`,
  ].join('\n');
}

/** What somebody changed by hand, and what stays so. */
function keptLines({ kept = [] }: Plan, paint: Paint): readonly string[] {
  return kept.map(({ id, edit }) => `  ${paint.changed('=')} ${plainLine(id)}: ${plainLine(edit)}`);
}

/** What the next apply will not decide by itself. */
function conflictLines(plan: Plan, paint: Paint): readonly string[] {
  const { lines, hints } = describeConflicts(plan);
  if (lines.length === 0) return [];
  return [
    paint.bad('apply will stop:'),
    ...lines.map((line) => `  ${paint.bad('!')} ${plainLine(line)}`),
    ...hints.map((hint) => `  ${plainLine(hint)}`),
  ];
}

function outcome(status: string, paint: Paint): string {
  if (status === '0') return paint.good('done');
  return status === '130' ? paint.changed('stopped by the user') : paint.bad('failed');
}

/** The one thing that makes sense to do now. */
function nextStep({ facts, plan }: Seen): { readonly sentence: string; readonly command: string } {
  if (facts.runs.active) return { sentence: 'Follow it to its end with', command: 'hostwright apply' };
  if (plan.changes.length > 0) return { sentence: 'See what would change with', command: 'hostwright plan' };
  if (plan.pending.length > 0)
    return { sentence: 'Make up for the reloads with', command: 'hostwright apply' };
  return { sentence: 'Prove it from other machines with', command: 'hostwright check' };
}

const pendingOf = ({ name }: Role, { changes }: Plan): number =>
  changes.filter(({ role }) => role === name).length;

const editedOf = ({ name }: Role, { kept = [] }: Plan): number =>
  kept.filter(({ role }) => role === name).length;

const endpointsOf = ({ name }: Role, { endpoints }: Plan) =>
  endpoints
    .filter(({ role }) => role === name)
    .map(({ name: endpoint, port, lastPort, protocol }) => ({
      name: endpoint,
      port,
      ...(lastPort === undefined ? {} : { lastPort }),
      protocol,
    }));
