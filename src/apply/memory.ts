import { type ComposeOptions, type Composition, compose } from '../compose/compose.ts';
import type { Answer } from '../connect/root-shell.ts';
import { UserError } from '../errors.ts';
import type { Facts } from '../facts/facts.ts';
import type { Host } from '../host/host.ts';
import type { Lineage } from '../host/lineage.ts';
import type { Plan } from '../plan/plan.ts';
import type { Shell } from '../quote.ts';
import { type SecretSource, secretKey, unsavedSecrets } from '../secrets/source.ts';
import type { StateFile } from './script.ts';
import type { SessionOptions } from './session.ts';

/** A session, as far as the host's memory of what was applied to it is concerned. */
interface Remembering {
  readonly host: Host;
  readonly facts: Facts;
  /** What the host file comes to, with the secrets as they are known by now. */
  composition(): Composition;
  /** How that is composed. */
  readonly composing: ComposeOptions;
  readonly options: Pick<SessionOptions, 'origin' | 'takeOver' | 'listener'>;
  /** One exchange that only reads. */
  read(script: Shell): Promise<Answer>;
}

/** What a host remembers of the last apply, held against what this folder has; and what it will remember of this one. */
export interface Memory {
  /** The plan with what a person should know of it. */
  comment(plan: Plan): Promise<Plan>;
  /**
   * For plans made of the host file only: taking back is always possible.
   * @throws {HostError} when applying would undo what somebody applied from something that this folder lacks.
   */
  refuse(plan: Plan): Promise<void>;
  /** What the run leaves on the host, and notes in the folder that it was applied from here. */
  files(plan: Plan): Promise<readonly StateFile[]>;
}

/** Compares once, when first asked; an ordinary apply costs no exchange for it. */
export function keepMemory(parts: Remembering): Memory {
  const { host, facts, options } = parts;
  const takeOver = options.takeOver === true;
  let compared: Promise<Lineage> | undefined;
  const lineage = (): Promise<Lineage> => {
    compared ??= compare(parts);
    return compared;
  };
  return {
    comment: async (made) => {
      const plan = await explainUpgrade(made, parts);
      const found = await lineage();
      if (found.kind === 'held') return plan;
      const { describeLack } = await import('./lacking.ts');
      const then = takeOver ? 'What differs is replaced.' : 'Apply stops there, unless with --take-over.';
      const text = `${describeLack(found, facts.applied.meta)} ${then}`;
      const notes: Plan['notes'] = [{ role: '', level: 'warning', text }, ...plan.notes];
      return { ...plan, notes, ...(takeOver ? {} : { lacking: true }) };
    },
    refuse: async (plan) => {
      if (!isApply(plan)) return;
      const found = await lineage();
      if (found.kind === 'held') return noteInFolder(parts, host.text);
      if (takeOver || isNothing(plan)) return;
      const { lackingError } = await import('./lacking.ts');
      throw lackingError(found, host, facts.applied);
    },
    files: async (plan) => {
      const text = isApply(plan) ? host.text : await textWithout(plan, parts, lineage);
      await noteInFolder(parts, text);
      return filesOf(parts, text);
    },
  };
}

/**
 * When a role is taken off: the host file without it. Of a folder that lacks something the host is told nothing, so that
 * others still are.
 */
async function textWithout(
  { kind, farewell }: Plan,
  { host, facts, read }: Remembering,
  lineage: () => Promise<Lineage>,
): Promise<string | undefined> {
  const { sha256 } = facts.applied;
  if (kind !== 'remove' || farewell || host.text === undefined || sha256 === undefined) return undefined;
  if ((await lineage()).kind !== 'held') return undefined;
  const [{ withoutRoles }, { fingerprint }, { readApplied }] = await Promise.all([
    import('../host/without-roles.ts'),
    import('../host/fingerprint.ts'),
    import('./read-applied.ts'),
  ]);
  // Edits that were never applied are not on the host either.
  const applied = fingerprint(host.text) === sha256 ? host.text : (await readApplied(read)).text;
  return withoutRoles(applied, host);
}

const isApply = ({ kind = 'apply' }: Plan): boolean => kind === 'apply';

const isNothing = ({ changes, pending }: Plan): boolean => changes.length + pending.length === 0;

async function compare({ host, facts: { applied }, read }: Remembering): Promise<Lineage> {
  const { text, directory, file } = host;
  if (text === undefined || applied.sha256 === undefined) return { kind: 'held' };
  const { compareLineage } = await import('../host/lineage.ts');
  const recipes = await ownRecipesHash(directory);
  return compareLineage({ directory, file, text, recipes }, applied, async () => {
    const { readApplied } = await import('./read-applied.ts');
    return (await readApplied(read)).text;
  });
}

/** After an upgrade, or a downgrade: says of each change where it comes from. One exchange, and only then. */
async function explainUpgrade(plan: Plan, parts: Remembering): Promise<Plan> {
  const { host, facts, composing, read } = parts;
  const { origin } = parts.options;
  const from = facts.applied.meta?.hostwright;
  if (from === undefined || origin === undefined || from === origin.version) return plan;
  if (plan.changes.length === 0) return plan;
  const [{ readApplied }, { loadApplied }, { attribute }] = await Promise.all([
    import('./read-applied.ts'),
    import('../host/load-applied.ts'),
    import('../plan/attribute.ts'),
  ]);
  const { text, specs } = await readApplied(read);
  const earlier = await loadApplied(text, host);
  const { asked } = wholeOf(host, facts, composing);
  const composed =
    earlier && composeOrNot(earlier, facts, { ...composing, secrets: onlyAsked(asked, composing) });
  return attribute(plan, { from, to: origin.version, specs, earlier: composed?.resources });
}

/** What the whole host file declares, and the names of its secrets. None is taken from the vault or put into it. */
function wholeOf(host: Host, facts: Facts, { only: _, ...composing }: ComposeOptions) {
  const asked = new Set<string>();
  const secrets: SecretSource = (name, wish) => {
    asked.add(secretKey(name));
    return unsavedSecrets(name, wish);
  };
  return { ...compose(host, facts, { ...composing, secrets }), asked };
}

/** No secret is made for a role that is no longer there. */
function onlyAsked(asked: ReadonlySet<string>, { secrets = unsavedSecrets }: ComposeOptions): SecretSource {
  return (name, wish) => (asked.has(secretKey(name)) ? secrets : unsavedSecrets)(name, wish);
}

/** What was right once may be refused by now. */
function composeOrNot(...of: Parameters<typeof compose>): Composition | undefined {
  try {
    return compose(...of);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

async function filesOf(
  { host, facts, options, composing, composition }: Remembering,
  text: string | undefined,
): Promise<readonly StateFile[]> {
  const { directory } = host;
  const { origin } = options;
  const { only } = composing;
  if (text === undefined || origin === undefined) return [];
  const [{ appliedFiles }, { readOwnRecipes }, { readCheckout }] = await Promise.all([
    import('./applied.ts'),
    import('../host/own-recipes.ts'),
    import('../host/checkout.ts'),
  ]);
  const [recipes, checkout] = await Promise.all([readOwnRecipes(directory), readCheckout(directory)]);
  const whole = wholeOf(host, facts, composing);
  return appliedFiles({
    ...{ text, directory, recipes, checkout, origin, only },
    when: new Date(),
    before: facts.applied,
    resources: composition().resources,
    declared: whole.resources,
    secrets: [...whole.asked],
  });
}

/** Whatever is applied from this folder later then comes from here, also where there is no git. */
async function noteInFolder({ host, options }: Remembering, text: string | undefined): Promise<void> {
  const { directory, file } = host;
  if (text === undefined || options.origin === undefined) return;
  const { addToOwnRecord } = await import('../host/own-record.ts');
  const recipes = await ownRecipesHash(directory);
  try {
    await addToOwnRecord(directory, file, { text, ...(recipes === undefined ? {} : { recipes }) });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    options.listener({
      event: 'note',
      text: `${directory} cannot be written (${why}): the next apply from here may take its own work for somebody else's.`,
    });
  }
}

async function ownRecipesHash(directory: string): Promise<string | undefined> {
  const { readOwnRecipes, recipesHash } = await import('../host/own-recipes.ts');
  return recipesHash(await readOwnRecipes(directory));
}
