import { z } from 'zod';
import { packageName } from '../compose/inputs.ts';
import { sh } from '../quote.ts';
import { defineKind } from './kind.ts';
import { startHeld } from './package/hold.ts';
import { outlook } from './package/outlook.ts';
import { type ListsAge, type PackageState, parsePackages } from './package/parse.ts';
import { asking } from './package/simulate.ts';
import { notInstalled, packageStep } from './package/step.ts';

const schema = z.strictObject({ name: packageName() });

/** A Debian package, installed by apt-get(8) without what it merely recommends. */
export const kind = defineKind({
  name: 'package',
  describe: 'A Debian package that is installed.',
  finish: startHeld,
  schema,
  key: (spec) => spec.name,

  // apt is asked only about what is not installed, and as nobody: as root it would write its cache.
  observe: (specs) => sh`${asking}
${notInstalled(specs.map((spec) => spec.name))}
printf '%s\n\n' "$hw_status"
if [ -n "$hw_missing" ]; then
  set -- /var/lib/apt/lists/*_Packages*
  if [ ! -e "$1" ]; then echo none
  elif [ -n "$(find /var/lib/apt/lists /var/lib/apt/lists/partial -maxdepth 0 -mmin -1440 2>/dev/null)" ]; then echo fresh
  else echo old; fi
  LC_ALL=C setpriv --reuid=nobody --regid=nogroup --clear-groups apt-cache policy -- $hw_missing 2>/dev/null ||
    LC_ALL=C apt-cache -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= policy -- $hw_missing 2>/dev/null || :
  if [ -e "$1" ]; then hw_ask $hw_missing; else hw_ask_sources; fi
fi`,

  parse: parsePackages,

  diff({ name }, state) {
    if (state.status === 'installed') return undefined;
    const { names, answer } = state.together ?? { names: [], answer: { damaged: false } };
    const { along, ...more } = outlook(answer, names);
    if (state.status === 'broken') {
      const what = `finish installing ${name} ${state.version}, which was interrupted`;
      return { action: 'update', summary: `${what}${along}`, ...more };
    }
    const why = answer.damaged ? DAMAGED : UNKNOWN[state.lists];
    const what = state.candidate ? `install ${name} ${state.candidate}` : `install ${name} (${why})`;
    const left = state.status === 'configured' ? ', with the settings that are left of an earlier one' : '';
    return { action: 'create', summary: `${what}${left}${along}${unsure(state)}`, ...more };
  },

  step: (spec, state) => packageStep([{ spec, state }]),
  batch: packageStep,
});

/** Why apt has no candidate, by the age of its lists. */
const UNKNOWN: Readonly<Record<ListsAge, string>> = {
  none: 'apt has no package lists yet: they are fetched first',
  old: 'apt does not know it, its lists are older than a day: they are fetched first',
  fresh: 'apt does not know it though its lists are fresh: is the name right? They are fetched once more',
};

const DAMAGED = 'apt cannot read its package lists: they are fetched anew first';

/** What is said where the simulation is missing, or may be out of date. */
function unsure({ lists, together, candidate }: Exclude<PackageState, { status: 'installed' }>): string {
  if (!together || together.answer.damaged) return '';
  if (!together.answer.simulation) {
    const why = together.answer.refusal === undefined ? '' : ` (${together.answer.refusal})`;
    return lists === 'fresh' && candidate !== undefined
      ? `; apt cannot tell what comes along${why}`
      : '; what comes along is unknown until then';
  }
  return lists === 'old' ? '; the lists are older than a day and fetched first, which may change this' : '';
}

export type { PackageState };
