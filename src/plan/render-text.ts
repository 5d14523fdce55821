import { portText } from '../compose/port-range.ts';
import type { PlanNote } from '../compose/recipe.ts';
import type { Paint } from '../ui/paint.ts';
import { plainLine, plainText } from '../ui/plain-text.ts';
import { wrapText } from '../ui/wrap-text.ts';
import { adoptFlag } from './adopt-flag.ts';
import type { Change, Plan } from './plan.ts';
import { countChanges, describeTotals } from './totals.ts';

/** How a plan is shown. */
export interface PlanLook {
  readonly paint: Paint;
  /** Width in columns. */
  readonly columns: number;
  /** Whole diffs instead of their beginnings. */
  readonly verbose: boolean;
}

/** Lines of a diff that are shown without `--verbose`; of a new file, which holds no surprise, fewer. */
const DIFF_LINES = 16;
const NEW_LINES = 6;

/** The plan for people: what would change, grouped by role, then what it comes to. Pure. */
export function renderPlanText(plan: Plan, look: PlanLook): string {
  const isQuiet = countChanges(plan).total === 0 && !look.verbose;
  const parts = [
    ...changeBlocks(plan, look),
    keptBlock(plan, look),
    pendingBlock(plan, look),
    isQuiet ? '' : reachBlock(plan, look),
    portsBlock(plan, look, isQuiet ? ['close'] : ['keep', 'close']),
    notesBlock(plan, look, isQuiet ? ['warning'] : ['warning', 'info']),
    totalsLine(plan, look),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** After an upgrade what the user changed comes apart from what the new version does otherwise. */
function changeBlocks({ changes, upgrade }: Plan, look: PlanLook): readonly string[] {
  const blocks = (some: readonly Change[]): string[] =>
    byRole(some).map(([role, ofRole]) => roleBlock(role, ofRole, look));
  if (!upgrade) return blocks(changes);
  const groups = [
    ['Changed by you', changes.filter(({ because }) => because === 'you')],
    [`New in hostwright ${plainLine(upgrade.to)}`, changes.filter(({ because }) => because === 'version')],
    ['Changed on the host since', changes.filter(({ because }) => because === 'drift')],
  ] as const;
  return groups.flatMap(([title, some]) =>
    some.length > 0 ? [look.paint.accent(`— ${title} —`), ...blocks(some)] : [],
  );
}

function byRole(changes: readonly Change[]): readonly (readonly [string, readonly Change[]])[] {
  const roles = new Map<string, Change[]>();
  for (const change of changes) roles.set(change.role, [...(roles.get(change.role) ?? []), change]);
  return [...roles];
}

function roleBlock(role: string, changes: readonly Change[], look: PlanLook): string {
  return [look.paint.strong(plainLine(role)), ...changes.map((change) => changeBlock(change, look))].join(
    '\n',
  );
}

const SIGNS = { create: '+', update: '~', remove: '-', run: '>' } as const;

function changeBlock(change: Change, look: PlanLook): string {
  const { paint } = look;
  const colour = { create: paint.good, update: paint.changed, remove: paint.bad, run: paint.accent }[
    change.action
  ];
  const id = plainLine(change.id);
  const head = `${SIGNS[change.action]} ${change.action.padEnd(6)}`;
  const summary = plainLine(change.summary);
  const oneLine = 2 + head.length + 1 + id.length + 2 + summary.length <= look.columns;
  return [
    `  ${colour(head)} ${id}${oneLine ? `  ${paint.dim(summary)}` : `\n      ${paint.dim(summary)}`}`,
    ...(change.irreversible === undefined
      ? []
      : [`    ${paint.changed(`! ${plainLine(change.irreversible)}`)}`]),
    ...conflictLines(change).map((line) => `    ${paint.bad(`! ${line}`)}`),
    ...diffLines(change, look).map((line) => `      ${line}`),
  ].join('\n');
}

/** One change with the whole of its diff, for a question about it. Pure. */
export function renderChange(change: Change, look: Omit<PlanLook, 'verbose'>): string {
  const { conflict: _, ...rest } = change;
  return changeBlock(rest, { ...look, verbose: true });
}

/** What the person can type about a change that needs their word. */
function conflictLines({ conflict, id }: Change): readonly string[] {
  if (conflict === 'adopt')
    return ['was there before hostwright; to take it over, add:', `  ${plainLine(adoptFlag(id))}`];
  if (conflict === 'edited') {
    return [
      'edited by hand since the last run, and to be changed in the same place; add:',
      '  --on-conflict keep   to leave it as it was edited',
      '  --on-conflict take   to put ours in its place',
    ];
  }
  return [];
}

function diffLines({ diff, action }: Change, { paint, verbose }: PlanLook): readonly string[] {
  if (!diff) return [];
  const lines = withoutHeader(plainText(diff).trimEnd().split('\n'));
  const most = action === 'update' ? DIFF_LINES : NEW_LINES;
  const shown = verbose || lines.length <= most + 1 ? lines : lines.slice(0, most);
  const painted = shown.map((line) => {
    if (line.startsWith('+')) return paint.good(line);
    if (line.startsWith('-')) return paint.bad(line);
    return paint.dim(line);
  });
  const left = lines.length - shown.length;
  return left > 0 ? [...painted, paint.dim(`… ${left} more lines (--verbose)`)] : painted;
}

/** The names of the two files above a unified diff only repeat the id; that a new file starts at line 1 is no news. */
function withoutHeader(lines: readonly string[]): readonly string[] {
  const start = lines.findIndex((line) => !/^(?:Index: |=+$|--- |\+\+\+ |@@ -0,0 )/.test(line));
  return start < 0 ? [] : lines.slice(start);
}

/** What stays as somebody has edited it: no change, and yet not as declared. */
function keptBlock({ kept = [] }: Plan, { paint }: PlanLook): string {
  if (kept.length === 0) return '';
  const lines = kept.map(
    ({ id, edit }) => `  ${paint.changed('=')} ${plainLine(id)}  ${paint.dim(plainLine(edit))}`,
  );
  return [
    `${paint.strong('Edited by hand, and left so')} ${paint.dim('(--on-conflict take puts back ours)')}`,
    ...lines,
  ].join('\n');
}

function pendingBlock({ pending }: Plan, { paint }: PlanLook): string {
  if (pending.length === 0) return '';
  const lines = pending.map(
    ({ service, action }) => `  ${paint.accent('>')} ${action} ${plainLine(service)}`,
  );
  return [paint.strong('Still owed by an earlier run'), ...lines].join('\n');
}

const REACH = { host: 'the host itself only', lan: 'the LAN', internet: 'everybody' } as const;

function reachBlock({ endpoints }: Plan, { paint }: PlanLook): string {
  if (endpoints.length === 0) return '';
  const rows = endpoints.map(({ role, name, protocol, expose, ...ports }) => [
    plainLine(role),
    plainLine(name),
    `${portText(ports)}/${protocol}`,
    REACH[expose],
  ]);
  return [paint.strong('Who reaches what'), ...alignRows(rows)].join('\n');
}

/** What is closed is told also when nothing changes: a service that was started since, and that nobody reaches. */
function portsBlock({ notes }: Plan, { paint }: PlanLook, levels: readonly ('keep' | 'close')[]): string {
  const ports = notes.filter(({ level }) => levels.some((wanted) => wanted === level));
  if (ports.length === 0) return '';
  const lines = ports.map(({ level, text }) => {
    const verb = level === 'keep' ? paint.good('keep ') : paint.bad('close');
    return `  ${verb}  ${plainLine(text)}`;
  });
  return [paint.strong('Ports that already listen'), ...lines].join('\n');
}

/** What is only good to know of a role was told when the role was changed, and is not told again with each other one. */
function notesBlock(
  { notes, changes }: Plan,
  { paint, columns, verbose }: PlanLook,
  levels: readonly PlanNote['level'][],
): string {
  const rest = notes.filter(({ level }) => levels.includes(level));
  if (rest.length === 0) return '';
  const changing = new Set(['', ...changes.map(({ role }) => role)]);
  const shown = verbose ? rest : rest.filter(({ role, level }) => level !== 'info' || changing.has(role));
  const left = rest.length - shown.length;
  const more = left === 0 ? [] : [paint.dim(`  … ${left} more on roles that do not change (--verbose)`)];
  const lines = shown.map(({ role, level, text }) => {
    const sign = level === 'warning' ? paint.changed('!') : paint.accent('i');
    return `  ${sign} ${wrapText(`${role ? `${plainLine(role)}: ` : ''}${plainLine(text)}`, columns - 4).join('\n    ')}`;
  });
  return [paint.strong('Good to know'), ...lines, ...more].join('\n');
}

function totalsLine(plan: Plan, { paint }: PlanLook): string {
  const { total } = countChanges(plan);
  const touched = plan.foreignTouched.length;
  const files = `${touched} existing ${touched === 1 ? 'file' : 'files'} touched`;
  const what = describeTotals(plan);
  // Taking back touches what is ours.
  if (plan.kind) return total === 0 ? paint.good(what) : paint.strong(what);
  return `${total === 0 ? paint.good(what) : paint.strong(what)} ${touched === 0 ? files : paint.changed(files)}.`;
}

function alignRows(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  );
}
