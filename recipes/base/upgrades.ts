import type { RecipeContext, RecipeParts } from '../../src/compose/recipe.ts';
import type { AptSetting, Upgrades } from '../../src/facts/probes/upgrades.ts';
import { CONFFILES_FILE, REBOOT_FILE, UPGRADES_FILE } from '../../src/facts/upgrades/files.ts';
import { kind as file } from '../../src/resources/file.ts';
import type { Resource } from '../../src/resources/kind.ts';
import { kind as packageKind } from '../../src/resources/package.ts';
import { kind as service } from '../../src/resources/service.ts';
import type { Input } from './inputs.ts';

type Notes = Required<RecipeParts>['notes'];

/** Security upgrades that nobody has to start. A policy that is there stays, unless the host file says otherwise. */
export function upgradeParts(context: RecipeContext<Input>): Required<RecipeParts> {
  const { input, facts } = context;
  const { enabled } = input.upgrades;
  if (enabled === false) {
    const text = 'Upgrades wait for you, as `upgrades: { enabled: false }` says: run apt upgrade often.';
    return { resources: [], notes: [{ level: 'info', text }] };
  }
  const policy = enabled === true || facts.upgrades.ours ? undefined : foreignPolicy(facts.upgrades);
  const conffiles = confFileParts(context);
  const main = policy ? keptPolicy(context, policy) : ownPolicy(context);
  return {
    resources: [...conffiles.resources, ...main.resources],
    notes: [...main.notes, ...conffiles.notes],
  };
}

/** What the machine was told before hostwright about upgrades by themselves. */
function foreignPolicy({ installed, settings }: Upgrades): AptSetting | undefined {
  return installed ? setting(settings, 'unattended-upgrade') : undefined;
}

/** By the end of its name: apt.conf(5) lets scopes be nested. */
function setting(settings: Upgrades['settings'], name: string): AptSetting | undefined {
  return Object.entries(settings).findLast(([key]) => key === name || key.endsWith(`::${name}`))?.[1];
}

function keptPolicy(
  context: RecipeContext<Input>,
  { file: where, value }: AptSetting,
): Required<RecipeParts> {
  const { input, facts } = context;
  const { reboot } = input.upgrades;
  const theirs = setting(facts.upgrades.settings, 'automatic-reboot');
  const off = value === '0' || value === '';
  const state = off ? 'are switched off' : 'are set up already';
  const otherwise = off ? 'switches them on' : 'puts a policy of ours before it';
  const notes: Notes[number][] = [
    {
      level: off ? 'warning' : 'info',
      text: `Upgrades by themselves ${state}, in ${where}: that stays. \`upgrades: { enabled: true }\` ${otherwise}.`,
    },
  ];
  if (reboot === 'never' && theirs?.value === 'true') {
    notes.push({
      level: 'warning',
      text: `${theirs.file} lets upgrades restart the machine: that stays too.`,
    });
  }
  if (reboot === 'never') return { resources: [], notes };
  const content = context.template('reboot.conf', { ...writer(context), ...timeOf(reboot) });
  return { resources: [file.of({ path: REBOOT_FILE, content })], notes: [...notes, rebootNote(reboot)] };
}

function ownPolicy(context: RecipeContext<Input>): Required<RecipeParts> {
  const { input, facts, template } = context;
  const { reboot } = input.upgrades;
  const content = template('upgrades.conf', {
    ...writer(context),
    ...timeOf(reboot),
    raspbian: facts.os.id === 'raspbian',
  });
  const resources: readonly Resource[] = [
    // Before the package: its service finds its orders.
    file.of({ path: UPGRADES_FILE, content }),
    packageKind.of({ name: 'unattended-upgrades' }),
    // Keeps the machine from going down in the midst of an upgrade. The package starts it, but does not stop it.
    service.of({ name: 'unattended-upgrades' }),
    service.of({ name: 'apt-daily.timer' }),
    service.of({ name: 'apt-daily-upgrade.timer' }),
  ];
  const text =
    'Security upgrades come by themselves, once a day: most break-ins use holes that were mended long ago. `upgrades: { enabled: false }` leaves them to you.';
  return { resources, notes: [{ level: 'info', text }, rebootNote(reboot)] };
}

function rebootNote(reboot: string): Notes[number] {
  if (reboot === 'never') {
    const text =
      'No upgrade restarts the machine, so a new kernel waits until you do; `upgrades: { reboot: "04:30" }` (say) lets it restart itself then, when it has to.';
    return { level: 'info', text };
  }
  return { level: 'info', text: `The machine restarts itself at ${reboot} when an upgrade asks for it.` };
}

function confFileParts(context: RecipeContext<Input>): Required<RecipeParts> {
  const { confFiles } = context.facts.upgrades;
  if (confFiles !== undefined) {
    const text = `${confFiles} says already what becomes of settings that were changed when a package brings new ones: that stays.`;
    return { resources: [], notes: [{ level: 'info', text }] };
  }
  const content = context.template('conffiles.conf', { host: context.host });
  const text =
    'Settings that were changed stay as they are when a package brings new ones, and apt does not ask: a question would hold an upgrade up for ever.';
  return { resources: [file.of({ path: CONFFILES_FILE, content })], notes: [{ level: 'info', text }] };
}

function writer({ host, role }: RecipeContext<Input>) {
  return { host, role };
}

function timeOf(reboot: string) {
  const [hour = '', minute = ''] = reboot === 'never' ? [] : reboot.split(':');
  return { hour, minute };
}
