import { resolve } from 'node:path';
import { EXIT } from '../errors.ts';
import type { Finding } from '../lab/doctor.ts';
import { SCENARIOS, scenarioName } from '../lab/scenarios.ts';
import type { LabState } from '../lab/state.ts';
import { plainLine } from '../ui/plain-text.ts';
import type { Context } from './context.ts';

const DEFAULT_LAB = 'default';

/** The lab that `--lab` names. */
const nameOf = ({ globals }: Context): string => globals.lab ?? DEFAULT_LAB;

export async function up(
  context: Context,
  {
    release,
    scenario,
    before,
  }: { readonly release: 'bookworm' | 'trixie'; readonly scenario?: string; readonly before?: string },
): Promise<void> {
  const played = scenario === undefined ? undefined : scenarioName(scenario);
  const { labUp } = await import('../lab/up.ts');
  const state = await labUp({
    name: nameOf(context),
    release,
    report: context.say,
    signal: context.signal,
    ...(played === undefined ? {} : { scenario: played }),
    ...(before === undefined ? {} : { before: resolve(context.cwd, before) }),
  });
  show(context, state);
}

export async function down(context: Context): Promise<void> {
  const { labDown } = await import('../lab/down.ts');
  await labDown({ name: nameOf(context), report: context.say });
  if (context.globals.json) context.json({ v: 1, name: nameOf(context), down: true });
}

export async function status(context: Context): Promise<void> {
  const { readLab } = await import('../lab/state.ts');
  show(context, await readLab(nameOf(context)));
}

export async function exec(context: Context, node: string, argv: readonly string[]): Promise<void> {
  const { labExec } = await import('../lab/exec.ts');
  context.passSignalsOn();
  context.end(await labExec({ name: nameOf(context), node, argv }));
}

function show({ globals, json, warn, paint }: Context, state: LabState): void {
  if (globals.json) {
    json(labObject(state));
    return;
  }
  const width = Math.max(...state.nodes.map(({ name }) => name.length));
  warn(
    [
      `${paint.strong(`Lab ${state.name}`)} ${paint.dim(`· box on Debian ${state.release} · ${state.domain}`)}`,
      ...(state.scenario === undefined
        ? []
        : [`  ${paint.strong(state.scenario)}: ${SCENARIOS[state.scenario].summary}`]),
      ...state.nodes.map(({ name, addresses }) => `  ${name.padEnd(width)}  ${addresses.join('  ')}`),
    ].join('\n'),
  );
}

/** As the contract has it: nothing of the lab's inside. */
function labObject({ name, release, scenario, nodes, domain }: LabState): object {
  return { v: 1, name, release, ...(scenario === undefined ? {} : { scenario }), nodes, domain };
}

export async function doctor(context: Context, { yes }: { readonly yes?: true }): Promise<void> {
  const { labDoctor } = await import('../lab/doctor.ts');
  let findings = await labDoctor();
  const lacksPackages = findings.some(({ what, ok }) => what === 'Debian packages' && !ok);
  if (lacksPackages && !context.globals.json && (yes || context.interactive)) {
    const { installLabPackages } = await import('../lab/install.ts');
    await installLabPackages({ ask: context.ask, report: context.warn, yes: yes === true });
    findings = await labDoctor();
  }
  const ok = findings.every((finding) => finding.ok);
  if (context.globals.json) context.json({ v: 1, ok, findings });
  else context.warn(findings.map((finding) => findingText(finding, context)).join('\n'));
  if (!ok) context.end(EXIT.failed);
}

function findingText({ what, ok, detail, fix }: Finding, { paint }: Context): string {
  const mark = ok ? paint.good('✓') : paint.bad('✗');
  return [
    `${mark} ${what}${detail ? `: ${plainLine(detail)}` : ''}`,
    ...(!ok && fix ? [`    ${plainLine(fix)}`] : []),
  ].join('\n');
}
