import { EXIT, HostError, InterruptedError } from '../errors.ts';
import { labDown } from '../lab/down.ts';
import { SCENARIOS } from '../lab/scenarios.ts';
import { labUp } from '../lab/up.ts';
import { clearAbandonedLabs, rehearsalLab } from '../rehearse/own-lab.ts';
import { type Stage, withUnreached } from '../rehearse/stage.ts';
import { wrapText } from '../ui/wrap-text.ts';
import type { Context } from './context.ts';
import { enterLab } from './lab-entry.ts';
import {
  type Inside,
  loadForLab,
  type RehearseOptions,
  readBefore,
  requirePossible,
} from './rehearse-options.ts';
import { HEADINGS, stageLine } from './rehearse-text.ts';
import { describeError } from './report-error.ts';

/**
 * Brings a lab of its own up, starts hostwright again as its laptop for the stages, and takes the lab away again,
 * however those ended.
 */
export async function rehearseOutside(
  context: Context,
  file: string | undefined,
  options: RehearseOptions,
): Promise<void> {
  const scenario = requirePossible(options);
  const { keep, release } = options;
  const lab = context.globals.lab ?? rehearsalLab(keep);
  const [inLab, host] = await loadForLab(context, file, lab);
  await readBefore(context, options);
  const { say, warn, paint, signal } = context;
  const played =
    scenario === undefined ? '' : ` The scenario is ${scenario}: ${SCENARIOS[scenario].summary}.`;
  const debian = release === 'bookworm' ? 'Debian 12' : 'Debian 13';
  const intro = `Rehearsing ${host.file} on a throwaway machine with ${debian}, in a simulated home network on this computer. Only the connection is replaced: your host and your network are not touched.${played} In the end everything is taken back, and the machine must be as it was.`;
  say(`${wrapText(intro, context.columns).join('\n')}\n`);
  const report = (text: string): void => say(paint.dim(`  ${text}`));
  await clearAbandonedLabs(report);
  let isUp = false;
  try {
    say(paint.strong(HEADINGS.up));
    const up = await bringUp(() =>
      labUp({ name: lab, release, report, ...(scenario === undefined ? {} : { scenario }) }),
    );
    if (signal.aborted) throw new InterruptedError('Interrupted; nothing had been rehearsed.');
    say(stageLine(up.stage, paint));
    if (up.error) return notUp(context, up);
    isUp = true;
    const inside: Inside = { lab, stages: [up.stage] };
    const words = [...context.argv, '--inside', JSON.stringify(inside)];
    const code = await enterLab({ ...inLab, argv: words }, [host]);
    context.end(code ?? EXIT.failed);
  } finally {
    if (keep && isUp) warn(howToGoOn(lab));
    else await undisturbed(() => labDown({ name: lab, report }));
  }
}

interface Up {
  readonly stage: Stage;
  readonly error?: HostError;
}

async function bringUp(work: () => Promise<unknown>): Promise<Up> {
  const started = performance.now();
  const seconds = (): number => Math.round((performance.now() - started) / 100) / 10;
  try {
    await work();
    const detail = 'server, laptop, phone, router and a machine outside';
    return { stage: { name: 'up', ok: true, seconds: seconds(), detail } };
  } catch (error) {
    if (!(error instanceof HostError) || error instanceof InterruptedError) throw error;
    const [detail = ''] = error.message.split('\n');
    return { stage: { name: 'up', ok: false, seconds: seconds(), detail }, error };
  }
}

/** The lab is where everything happens, so nothing else was reached. */
function notUp({ globals, paint, warn, json, end }: Context, { stage, error }: Up): void {
  warn(describeError(error, { paint, verbose: globals.verbose }));
  if (globals.json) json({ v: 1, ok: false, stages: withUnreached([stage], false), check: null, plan: null });
  end(EXIT.failed);
}

function howToGoOn(lab: string): string {
  return `
The simulated network is still there, as you asked with --keep:
  hostwright lab exec box --lab ${lab} -- sh      a shell on the server
  hostwright apply --connect lab --lab ${lab}     apply to it again
  hostwright lab down --lab ${lab}                take it away`;
}

/** A second Ctrl-C must not leave half a lab behind. */
async function undisturbed(work: () => Promise<void>): Promise<void> {
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  process.on('SIGTERM', ignore);
  try {
    await work();
  } finally {
    process.off('SIGINT', ignore);
    process.off('SIGTERM', ignore);
  }
}
