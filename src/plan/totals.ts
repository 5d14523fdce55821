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
export function describeTotals(plan: Pick<Plan, 'changes' | 'pending' | 'unchanged'>): string {
  const counts = countChanges(plan);
  if (counts.total === 0) return `Nothing to change: all ${plan.unchanged} resources are as declared.`;
  const parts = [
    [counts.create, 'to create'],
    [counts.update, 'to update'],
    [counts.remove, 'to remove'],
    [counts.run, 'to run'],
    [counts.pending, counts.pending === 1 ? 'reload owed' : 'reloads owed'],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return `${said.join(', ')}; ${plan.unchanged} unchanged.`;
}
