import { z } from 'zod';
import { text } from '../compose/inputs.ts';
import { textDiff } from '../plan/text-diff.ts';
import { type DiffContext, type Difference, defineKind } from './kind.ts';
import { type Installed, installed, LINK, PATHS, sha256 } from './ruleset/files.ts';
import { observeRuleset, parseRuleset } from './ruleset/observe.ts';
import { rulesetStep } from './ruleset/step.ts';

const schema = z.discriminatedUnion('state', [
  z.strictObject({
    state: z.literal('loaded'),
    /** The nft file: one transaction that replaces `table inet hostwright` and touches nothing else. */
    rules: text(),
    /** The script that loads, unloads, compares and follows the LAN. */
    script: text(),
    /** The unit that loads the table at boot. */
    unit: text(),
    /** The unit that keeps the sets of LAN networks current; left out where there is no LAN. */
    watcher: text().optional(),
  }),
  /** Another firewall has taken over: our table, its files and its units go. */
  z.strictObject({ state: z.literal('absent') }),
]);

export type RulesetSpec = z.output<typeof schema>;

/** What was found of our table. */
export interface RulesetState {
  /** Hex SHA-256 of each file by path; `other` for a link, a folder or a file with other owner or mode; absent: no entry. */
  readonly files: ReadonlyMap<string, string>;
  /** The nft file as it is, when it differs from what is wanted; null when too large to show. */
  readonly rules?: Buffer | null;
  /** Whether systemd starts it at boot. */
  readonly enabled: boolean;
  /** Units that are running. */
  readonly active: ReadonlySet<string>;
  /** The table in the kernel: `unknown` until the files are as wanted, for then there is nothing to compare it with. */
  readonly table: 'absent' | 'same' | 'differs' | 'unknown';
  /** How the table differs, as a unified diff. */
  readonly tableDiff: string;
}

/** Our own nftables table: its file, its units and what the kernel really has. There is at most one on a host. */
export const kind = defineKind({
  name: 'ruleset',
  describe:
    'The nftables table "inet hostwright": its file, the units that load it, and what the kernel has.',
  schema,
  key: () => 'inet-hostwright',
  observe: observeRuleset,
  parse: parseRuleset,

  diff: (spec: RulesetSpec, state: RulesetState, context: DiffContext): Difference | undefined => {
    const wanted = installed(spec);
    if (spec.state === 'absent') return absentDifference(state);
    const reasons = [...fileReasons(wanted, state), ...liveReasons(wanted, state)];
    if (reasons.length === 0) return undefined;
    const isNew = !state.files.has(PATHS.rules) && state.table === 'absent';
    const diff =
      state.files.get(PATHS.rules) === sha256(spec.rules) ? state.tableDiff : rulesDiff(spec, state);
    const foreign = hasForeignFile(wanted, state, context);
    return {
      action: isNew ? 'create' : 'update',
      summary: isNew ? 'load the firewall, now and at every boot' : reasons.join('; '),
      ...(diff === '' ? {} : { diff }),
      ...(foreign ? conflict(context) : {}),
    };
  },

  step: rulesetStep,
});

function rulesDiff(spec: RulesetSpec & { state: 'loaded' }, state: RulesetState): string {
  return textDiff(state.files.has(PATHS.rules) ? state.rules : undefined, Buffer.from(spec.rules));
}

function absentDifference(state: RulesetState): Difference | undefined {
  const gone =
    state.files.size === 0 && !state.enabled && state.active.size === 0 && state.table === 'absent';
  return gone
    ? undefined
    : { action: 'remove', summary: 'take away our own table: another firewall decides on this machine' };
}

function fileReasons(wanted: readonly Installed[], state: RulesetState): string[] {
  const known = new Map(wanted.map((file) => [file.path, sha256(file.content)]));
  const differing = Object.values(PATHS).filter((path) => state.files.get(path) !== known.get(path));
  const enabled = state.enabled ? [] : [`not started at boot: ${LINK} is missing`];
  return [...(differing.length > 0 ? [`write ${differing.join(', ')}`] : []), ...enabled];
}

function liveReasons(wanted: readonly Installed[], state: RulesetState): string[] {
  const idle = wanted.flatMap(({ unit }) =>
    unit && !state.active.has(unit) ? [`${unit} is not running`] : [],
  );
  if (state.table === 'absent') return [...idle, 'the table is not in the kernel'];
  return state.table === 'differs' ? [...idle, 'the table in the kernel differs'] : idle;
}

/** Only files count: what was typed into the kernel by hand is gone at the next boot anyway. */
function hasForeignFile(
  wanted: readonly Installed[],
  state: RulesetState,
  { remembered }: DiffContext,
): boolean {
  const ours = new Set([...wanted.map(({ content }) => sha256(content)), ...(remembered?.split(' ') ?? [])]);
  return [...state.files.values()].some((sum) => !ours.has(sum));
}

/** A file that we wrote and somebody edited, or one that was there before us. */
function conflict({ remembered, adopted }: DiffContext): Partial<Difference> {
  if (remembered !== undefined) return adopted ? {} : { conflict: 'edited' };
  return { touchesForeign: true, ...(adopted ? {} : { conflict: 'adopt' }) };
}
