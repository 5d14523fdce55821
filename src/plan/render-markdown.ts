import { plainLine, plainText } from '../ui/plain-text.ts';
import type { Change, Plan } from './plan.ts';
import { describeTotals } from './totals.ts';

/** The plan for a pull request: a table of the changes, and each diff folded below it. Pure. */
export function renderPlanMarkdown(plan: Plan): string {
  const rows = plan.changes.map(
    ({ action, id, role, summary, conflict, irreversible, because }) =>
      `| ${action} | ${code(id)} | ${cell(role)} | ${cell(summary)}${conflict ? ` **${CONFLICTS[conflict]}**` : ''}${irreversible === undefined ? '' : ` **${cell(irreversible)}**`}${because ? ` (${cell(REASONS[because](plan))})` : ''} |`,
  );
  const table =
    rows.length > 0
      ? ['| action | resource | role | what |', '| --- | --- | --- | --- |', ...rows].join('\n')
      : '';
  return [
    `### hostwright plan: ${cell(plan.host)}`,
    `${describeTotals(plan)} ${plan.foreignTouched.length} existing files touched.`,
    table,
    ...plan.changes.filter(({ diff }) => diff).map(foldedDiff),
    ...(plan.kept ?? []).map(({ id, role, edit }) => `- **kept** ${cell(role)}: ${code(id)} ${cell(edit)}`),
    ...plan.notes.map(({ role, level, text }) => `- **${level}** ${cell(role)}: ${cell(text)}`),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

const REASONS = {
  you: () => 'changed by you',
  version: ({ upgrade }: Plan) => `new in hostwright ${upgrade?.to ?? ''}`,
  drift: () => 'changed on the host since',
} as const;

const CONFLICTS = {
  adopt: 'stops: was there before hostwright',
  edited: 'stops: edited by hand',
} as const;

function foldedDiff({ id, diff = '' }: Change): string {
  const text = plainText(diff).trimEnd();
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `<details><summary>${html(plainLine(id))}</summary>\n\n${fence}diff\n${text}\n${fence}\n\n</details>`;
}

const longestRun = (text: string): number =>
  Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));

const cell = (text: string): string => html(plainLine(text)).replaceAll(/[\\|`*_[\]]/g, '\\$&');

const html = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Code in a table cell: only the bar and the backtick need care there. */
function code(text: string): string {
  const line = plainLine(text).replaceAll('|', '\\|');
  const fence = '`'.repeat(longestRun(line) + 1);
  return fence.length > 1 ? `${fence} ${line} ${fence}` : `\`${line}\``;
}
