import { EXIT } from '../errors.ts';
import { SCENARIOS } from '../lab/scenarios.ts';
import { rehearse } from '../rehearse/rehearse.ts';
import { memoryStore } from '../secrets/memory-store.ts';
import type { Context } from './context.ts';
import { createHostRun } from './host-run.ts';
import {
  type Inside,
  loadForLab,
  type RehearseOptions,
  readBefore,
  requirePossible,
} from './rehearse-options.ts';
import { HEADINGS, rehearsalText, stageLine } from './rehearse-text.ts';
import { describeError } from './report-error.ts';

/** The stages that need the lab's network: runs as the lab's laptop. */
export async function rehearseInside(
  context: Context,
  file: string | undefined,
  options: RehearseOptions,
  given: string,
): Promise<void> {
  const { lab, stages } = JSON.parse(given) as Inside;
  const [inLab, host, early] = await loadForLab(context, file, lab);
  const { paint, globals, signal, columns } = context;
  // The stages are told as text; with --json the one object at the end is all that stdout gets.
  const asText: Context = { ...inLab, globals: { ...inLab.globals, json: false } };
  const run = await createHostRun(asText, host, { secrets: memoryStore(), ...(early ? { early } : {}) });
  try {
    const before = await readBefore(context, options);
    const scenario = requirePossible(options);
    const trouble = scenario === undefined ? undefined : SCENARIOS[scenario].trouble;
    const rehearsal = await rehearse(
      {
        open: () => run.open({ attach: false }),
        connect: async () => {
          const { connect } = await import('../connect/connect.ts');
          return connect(host.connect, { ask: run.ask, signal });
        },
        check: async (session) => {
          const [{ checkHost }, { askForView }] = await Promise.all([
            import('../check/check.ts'),
            import('../check/agent-view.ts'),
          ]);
          return checkHost({ host, session, ask: run.ask, signal, agent: await askForView(session) });
        },
        ...(before === undefined ? {} : { before }),
        ...(trouble === undefined
          ? {}
          : { trouble: { happened: trouble.happened, happen: () => trouble.happen(lab) } }),
        signal,
        keep: options.keep,
        started: (name) => run.say(`\n${paint.strong(HEADINGS[name])}`),
        ended: async (stage, error) => {
          await run.say(stageLine(stage, paint));
          if (error !== undefined) await run.warn(describeError(error, { paint, verbose: globals.verbose }));
        },
      },
      stages,
    );
    if (rehearsal.check) {
      const { renderReport } = await import('../ui/report.ts');
      await run.say(`\n${renderReport(rehearsal.check, { paint, columns, verbose: globals.verbose })}\n`);
    }
    await run.warn(rehearsalText(rehearsal, host.name, context));
    if (globals.json) context.json(rehearsal);
    if (!rehearsal.ok) context.end(EXIT.failed);
  } finally {
    await run.end();
  }
}
