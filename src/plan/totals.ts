import type { Plan } from './plan.ts';

/** Changes by action, and the reloads that an earlier run still owes. */
export function countChanges({ changes, pending }: Pick<Plan, 'changes' | 'pending'>) {
  const count = (action: string): number => changes.filter((change) => change.action === action).length;
  return {
    create: count('create'),
    update: count('update'),
    remove: count('remove'),
    run: count('run'),
    pending: pending.length,
    total: changes.length + pending.length,
  };
}

/** `3 to create, 1 to update, 12 unchanged.` in one sentence. */
export function describeTotals(
  plan: Pick<Plan, 'kind' | 'changes' | 'pending' | 'unchanged' | 'kept'>,
): string {
  const counts = countChanges(plan);
  if (plan.kind && counts.total === 0) return 'Nothing is left to take back.';
  const changed = new Set(plan.changes.map(({ id }) => id));
  const edited = plan.kept?.filter(({ id }) => !changed.has(id)).length ?? 0;
  if (counts.total === 0) {
    return edited === 0
      ? `Nothing to change: all ${plan.unchanged} resources are as declared.`
      : `Nothing to change: ${plan.unchanged - edited} of ${plan.unchanged} resources are as declared, ${edited} as edited by hand.`;
  }
  const parts = [
    [counts.create, 'to create'],
    [counts.update, 'to update'],
    [counts.remove, 'to remove'],
    [counts.run, 'to run'],
    [counts.pending, counts.pending === 1 ? 'reload owed' : 'reloads owed'],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  if (plan.kind) return `${said.join(', ')}.`;
  const unchanged = `${plan.unchanged} unchanged${edited === 0 ? '' : ` (${edited} edited by hand)`}`;
  return `${said.join(', ')}; ${unchanged}.`;
}
