import { z } from 'zod';
import { text } from '../compose/inputs.ts';
import { textDiff } from '../plan/text-diff.ts';
import { type Difference, defineKind } from './kind.ts';
import { placesOf } from './nft-table/files.ts';
import { observeTables, parseTables } from './nft-table/observe.ts';
import { tableStep } from './nft-table/step.ts';

const schema = z.strictObject({
  /** `forward-cam`: the table is `inet hostwright_forward_cam`. */
  name: z.string().regex(/^[a-z][a-z0-9-]{0,59}$/, 'small letters, digits and hyphens, at most 60'),
  /** The nft file: one transaction that replaces this table and touches nothing else. */
  rules: text(),
  /** The unit that loads it at boot, and takes it away when stopped. */
  unit: text(),
  /** Rules in Docker's DOCKER-USER chain that the unit makes: what iptables(8) is told after the chain's name. */
  docker: z
    .array(
      z.strictObject({
        family: z.union([z.literal(4), z.literal(6)]),
        words: z.array(z.string().regex(/^[A-Za-z0-9.:/-]{1,60}$/)).min(1),
      }),
    )
    .default([]),
});

export type NftTableSpec = z.output<typeof schema>;

/** What was found of one table. */
export interface NftTableState {
  /** Hex SHA-256 of its file; `none`, or `other` for a link, a folder or a file with other owner or mode. */
  readonly rules: string;
  /** The same of its unit. */
  readonly unit: string;
  /** Whether systemd starts it at boot. */
  readonly enabled: boolean;
  readonly active: boolean;
  /** The table in the kernel, compared with the file on the disk. */
  readonly kernel: 'absent' | 'same' | 'differs';
  /** Docker's chain has the rules; also when none is wanted. */
  readonly docker: boolean;
}

/** An nftables table beside the firewall: its file, the unit that loads it, and what the kernel has. */
export const kind = defineKind({
  name: 'nft-table',
  describe: 'An nftables table of its own: its file, the unit that loads it, and what the kernel has.',
  schema,
  key: ({ name }) => name,
  observe: observeTables,
  parse: parseTables,

  diff(spec, state, { remembered, adopted }): Difference | undefined {
    const { rules, unit } = placesOf(spec);
    const reasons = [
      ...(state.rules === rules.sha256 ? [] : [`write ${rules.path}`]),
      ...(state.unit === unit.sha256 ? [] : [`write ${unit.path}`]),
      ...(state.enabled ? [] : ['start it at boot']),
      ...liveReasons(state),
    ];
    if (reasons.length === 0) return undefined;
    const isNew = state.rules === 'none' && state.kernel === 'absent';
    const ours = new Set(['none', rules.sha256, unit.sha256, ...(remembered?.split(' ') ?? [])]);
    const foreign = !ours.has(state.rules) || !ours.has(state.unit);
    return {
      action: isNew ? 'create' : 'update',
      summary: isNew ? 'load the table, now and at every boot' : reasons.join('; '),
      ...(isNew ? { diff: textDiff(undefined, Buffer.from(spec.rules)) } : {}),
      ...(foreign && remembered === undefined && { touchesForeign: true }),
      ...(foreign && !adopted && { conflict: remembered === undefined ? 'adopt' : 'edited' }),
    };
  },

  step: tableStep,
});

function liveReasons({ active, kernel, docker }: NftTableState): readonly string[] {
  return [
    ...(active ? [] : ['start its unit']),
    ...(kernel === 'absent' ? ['the table is not in the kernel'] : []),
    ...(kernel === 'differs' ? ['the table in the kernel is not what its file says'] : []),
    ...(docker ? [] : ["Docker's chain lacks its rules"]),
  ];
}
