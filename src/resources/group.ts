import { z } from 'zod';
import { userName } from '../compose/inputs.ts';
import { sh } from '../quote.ts';
import { defineKind } from './kind.ts';
import { dropStaleLocks, keepBackups, restoreBackups } from './shared/account-files.ts';
import { slot } from './shared/slot.ts';

const schema = z.strictObject({
  name: userName(),
  /** From the numbers that are kept for services (login.defs(5), SYS_GID_MIN). Only matters when it is created. */
  system: z.boolean().default(false),
  gid: z.int().min(1).max(4_294_967_294).optional(),
});

/** The number of the group, or that there is none. */
type GroupState = { readonly gid: number } | 'absent';

/** A group of accounts, by groupadd(8). */
export const kind = defineKind({
  name: 'group',
  describe: 'A group of accounts.',
  schema,
  key: (spec) => spec.name,

  observe: (specs) => sh`getent group -- ${specs.map((spec) => spec.name)} || :`,

  parse(output, specs) {
    const found = new Map(
      output
        .toString()
        .split('\n')
        .map((line) => line.split(':'))
        .map(([name = '', , gid = '']) => [name, Number(gid)] as const),
    );
    return specs.map(({ name }): GroupState => {
      const gid = found.get(name);
      return gid === undefined ? 'absent' : { gid };
    });
  },

  diff(spec, state, { remembered, adopted }) {
    const number = spec.gid === undefined ? '' : `, number ${spec.gid}`;
    if (state === 'absent') {
      return { action: 'create', summary: `create ${spec.system ? 'system group' : 'group'}${number}` };
    }
    if (spec.gid === undefined || spec.gid === state.gid) return undefined;
    return {
      action: 'update',
      summary: `set number ${spec.gid} (was ${state.gid}, which its files keep)`,
      ...(remembered === undefined && { touchesForeign: true, ...(!adopted && { conflict: 'adopt' }) }),
    };
  },

  step({ name, system, gid }, state) {
    const before = slot('group', name);
    const options = [...(system ? ['--system'] : []), ...(gid === undefined ? [] : ['--gid', String(gid)])];
    const observed = state === 'absent' ? '' : String(state.gid);
    return {
      converged:
        gid === undefined
          ? sh`getent group -- ${name} >/dev/null`
          : sh`[ "$(getent group -- ${name} | cut -d: -f3)" = ${String(gid)} ]`,
      unmoved: sh`[ "$(getent group -- ${name} | cut -d: -f3)" = ${observed} ]`,
      record: sh`getent group -- ${name} >${before} || :
${keepBackups}`,
      change: sh`if getent group -- ${name} >/dev/null; then
  groupmod ${gid === undefined ? [] : ['--gid', String(gid)]} -- ${name}
else
  groupadd ${options} -- ${name}
fi`,
      after: dropStaleLocks,
      undo: sh`if [ -s ${before} ]; then
  groupmod --gid "$(cut -d: -f3 <${before})" -- ${name}
elif getent group -- ${name} >/dev/null && ! groupdel -- ${name}; then
  hw_stays ${`the group ${name}`} 'since an account that was made later needs it'; exit 0
fi
${restoreBackups}`,
      remember: gid === undefined ? '-' : String(gid),
    };
  },
});
