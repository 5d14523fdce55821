import { z } from 'zod';
import { packageName } from '../compose/inputs.ts';
import { sh } from '../quote.ts';
import { defineKind } from './kind.ts';
import { startHeld } from './package/hold.ts';
import { type ListsAge, type PackageState, parsePackages } from './package/parse.ts';
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
  observe: (specs) => sh`${notInstalled(specs.map((spec) => spec.name))}
printf '%s\n\n' "$hw_status"
if [ -n "$hw_missing" ]; then
  set -- /var/lib/apt/lists/*_Packages*
  if [ ! -e "$1" ]; then echo none
  elif [ -n "$(find /var/lib/apt/lists /var/lib/apt/lists/partial -maxdepth 0 -mmin -1440 2>/dev/null)" ]; then echo fresh
  else echo old; fi
  LC_ALL=C setpriv --reuid=nobody --regid=nogroup --clear-groups apt-cache policy -- $hw_missing 2>/dev/null ||
    LC_ALL=C apt-cache -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= policy -- $hw_missing 2>/dev/null || :
fi`,

  parse: parsePackages,

  diff({ name }, state) {
    if (state.status === 'installed') return undefined;
    if (state.status === 'broken') {
      return {
        action: 'update',
        summary: `finish installing ${name} ${state.version}, which was interrupted`,
      };
    }
    const what = state.candidate
      ? `install ${name} ${state.candidate}`
      : `install ${name} (${UNKNOWN[state.lists]})`;
    const left = state.status === 'configured' ? ', with the settings that are left of an earlier one' : '';
    return { action: 'create', summary: `${what}${left}` };
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

export type { PackageState };
