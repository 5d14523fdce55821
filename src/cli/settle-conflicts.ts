import type { HostSession } from '../apply/session.ts';
import type { Change, Plan } from '../plan/plan.ts';
import { renderChange } from '../plan/render-text.ts';
import { hasMarkers } from '../resources/file/merge.ts';
import type { Choice } from '../resources/kind.ts';
import { plainLine } from '../ui/plain-text.ts';
import type { Prompts } from '../wizard/prompts.ts';
import type { HostRun } from './host-run.ts';

/** What the questions are asked with; default: the terminal and the person's own editor. */
export interface Means {
  readonly prompts: Pick<Prompts, 'select' | 'confirm'>;
  edit(text: string, name: string): Promise<string>;
}

/** What has been said about one resource, once it has been said. */
type Said = { readonly adopt: string } | { readonly choice: readonly [id: string, choice: Choice] };

/**
 * Asks about every change that needs the person's word, with its diff, and plans anew with the answers. The plan stays
 * as it is, and will stop, when the person wants nothing of the kind.
 */
export async function settleConflicts(
  run: HostRun,
  session: Pick<HostSession, 'plan'>,
  first: Plan,
  means?: Means,
): Promise<Plan> {
  const { prompts, edit } = means ?? (await ownMeans(run));
  const adopt = new Set(run.context.globals.adopt);
  const choices = new Map<string, Choice>();
  let plan = first;
  // What is taken over may turn out to be edited as well.
  for (let open = conflicts(plan); open.length > 0; open = conflicts(plan)) {
    for (const change of open) {
      const { paint, columns } = run.context;
      await run.warn(`\n${renderChange(change, { paint, columns })}\n`);
      const said = await (change.conflict === 'adopt'
        ? askToAdopt(change, prompts)
        : askAboutEdit(change, { prompts, edit }, run));
      if (!said) return plan;
      if ('adopt' in said) adopt.add(said.adopt);
      else choices.set(...said.choice);
    }
    plan = await session.plan({ adopt: [...adopt], choices });
    if (conflicts(plan).some(({ id, conflict }) => (conflict === 'adopt' ? adopt.has(id) : choices.has(id))))
      return plan;
  }
  return plan;
}

const conflicts = ({ changes }: Plan): readonly Change[] => changes.filter(({ conflict }) => conflict);

async function ownMeans({ context }: HostRun): Promise<Means> {
  const { createPrompts } = await import('../ui/wizard-prompts.ts');
  const { editText } = await import('./edit-text.ts');
  return {
    prompts: createPrompts(context),
    edit: (text, name) => editText(text, name, context.env),
  };
}

async function askToAdopt({ id }: Change, prompts: Means['prompts']): Promise<Said | undefined> {
  const isMeant = await prompts.confirm({
    message: `Take over ${plainLine(id)}? It was there before; its original is kept.`,
    default: false,
  });
  return isMeant ? { adopt: id } : undefined;
}

async function askAboutEdit(
  { id, marked }: Change,
  { prompts, edit }: Means,
  run: HostRun,
): Promise<Said | undefined> {
  let text = marked;
  for (;;) {
    const answer = await prompts.select({
      message: `${plainLine(id)} was edited by hand:`,
      choices: [
        { name: 'keep it as it was edited', value: 'keep' as const },
        { name: 'put hostwright’s text in its place', value: 'take' as const },
        ...(text === undefined ? [] : [{ name: 'edit it, both sides are marked', value: 'edit' as const }]),
        { name: 'stop, nothing is changed', value: 'stop' as const },
      ],
    });
    if (answer === 'stop') return undefined;
    if (answer !== 'edit') return { choice: [id, answer] };
    text = await edit(text ?? '', id.slice(id.lastIndexOf('/') + 1));
    if (!hasMarkers(text)) return { choice: [id, { text }] };
    await run.warn('There are still marks of the conflict in it (<<<<<<<, =======, >>>>>>>).');
  }
}
