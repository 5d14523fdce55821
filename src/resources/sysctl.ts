import { z } from 'zod';
import { sysctlKey } from '../compose/inputs.ts';
import { sh } from '../quote.ts';
import { defineKind } from './kind.ts';
import { canonicalKey, keyPath, ownFile, ownText, plainValue, SOURCES } from './sysctl/files.ts';
import { parseSysctl, type SysctlState } from './sysctl/parse.ts';
import { sysctlStep } from './sysctl/step.ts';

const schema = z.strictObject({
  key: sysctlKey().overwrite(canonicalKey),
  value: z
    .union([z.string(), z.int()])
    .transform((value) => plainValue(String(value)))
    .refine((value) => /^[\u0020-\u007e]{1,1024}$/.test(value), 'the value is one line of plain text'),
});

export type SysctlSpec = z.output<typeof schema>;

/** A kernel setting, now and after the next boot. */
export const kind = defineKind({
  name: 'sysctl',
  describe: 'A kernel setting, in force now and kept in a file of its own below /etc/sysctl.d.',
  schema,
  key: (spec) => spec.key,

  // grep(1) because the read of sh takes one byte at a time, which many files below /proc/sys answer once only.
  observe: (specs) => sh`grep -saHZ '' -- ${specs.flatMap(({ key }) => [keyPath(key), ownFile(key)])} || :
printf '\n\0\n'
grep -saHZ '^[[:blank:]]*[^#;[:blank:]].*=' -- ${SOURCES} || :`,

  parse: parseSysctl,

  diff(spec, state, { remembered, adopted }) {
    const now = state.runtime === spec.value;
    const kept = state.text === ownText(spec);
    if (now && kept) return undefined;
    const was =
      state.runtime === undefined ? 'unknown to this kernel so far' : `was ${state.runtime || 'empty'}`;
    // A file of that very name which we did not write.
    const foreign = state.text !== undefined && !kept && remembered === undefined;
    const what = now ? `keep ${spec.value} for the next boot` : `set ${spec.value} (${was})`;
    return {
      action: state.text === undefined ? 'create' : 'update',
      summary: `${what}${override(spec, state)}`,
      ...(foreign && { touchesForeign: true, ...(!adopted && { conflict: 'adopt' }) }),
    };
  },

  notes: (spec, state) => (override(spec, state) ? [`sysctl ${spec.key}${override(spec, state)}`] : []),

  step: sysctlStep,
});

/** Another file is read after ours at boot: what it says would win. */
function override(spec: SysctlSpec, { later }: SysctlState): string {
  if (!later || later.value === spec.value) return '';
  return `: at boot ${later.file} sets it back to ${later.value}; remove the line there`;
}
