import type { PlanNote } from '../../src/compose/recipe.ts';
import { type Problem, UserError } from '../../src/errors.ts';
import type { PostgresSetting } from '../../src/facts/postgres/settings.ts';
import { POSTGRES_OWN_FILE } from '../../src/facts/probes/postgres.ts';
import type { Cluster } from './cluster.ts';

/** What pg_createcluster(1) writes of what our file says too. */
const STOCK: readonly (readonly [name: string, value: RegExp])[] = [
  ['port', /^\d+$/],
  ['ssl', /^on$/],
  ['ssl_cert_file', /ssl-cert-snakeoil\.pem$/],
  ['ssl_key_file', /ssl-cert-snakeoil\.key$/],
  ['hba_file', /\/pg_hba\.conf$/],
  ['max_connections', /^100$/],
  ['password_encryption', /^scram-sha-256$/],
];

/**
 * Sees to it that what our file says counts, and tells what it takes the place of.
 * @param own what our file says, as it is written there
 * @throws {UserError} where something is read after our file, or our file is not read at all
 */
export function settle(
  { found, folder }: Pick<Cluster, 'found' | 'folder'>,
  own: Readonly<Record<string, string>>,
): readonly Omit<PlanNote, 'role'>[] {
  if (!found) return [];
  if (!found.readsOwnFile) throw new UserError(notRead(folder));
  const theirs = Object.entries(own).flatMap(([name, wanted]) => {
    const setting = found.settings[name];
    return setting && !isSame(setting.value, wanted) ? [{ name, wanted, setting }] : [];
  });
  const stronger = theirs.filter(({ setting }) => setting.wins);
  if (stronger.length > 0)
    throw new UserError(stronger.map(({ name, wanted, setting }) => inTheWay(name, wanted, setting)));
  return theirs
    .filter(
      ({ name, setting: { value } }) => !STOCK.some(([one, stock]) => one === name && stock.test(value)),
    )
    .map(({ name, wanted, setting: { value, file } }) => ({
      level: 'info',
      text: `${name} was ${value} (${file}); from now on it is ${wanted}, by conf.d/${POSTGRES_OWN_FILE}.`,
    }));
}

function isSame(one: string, other: string): boolean {
  return plain(one) === plain(other);
}

/** Words for yes and no are many. */
function plain(value: string): string {
  const word = value.toLowerCase();
  if (['on', 'true', 'yes', '1'].includes(word)) return 'on';
  return ['off', 'false', 'no', '0'].includes(word) ? 'off' : word;
}

function inTheWay(name: string, wanted: string, { value, file }: PostgresSetting): Problem {
  return {
    message: `${file} on the host sets ${name} to ${value}. It is read last, so ${wanted}, which the role needs, would not count.`,
    hint: file.endsWith('/postgresql.auto.conf')
      ? `Take it back there: runuser -u postgres -- psql -c 'ALTER SYSTEM RESET ${name}'`
      : `Remove that line, or put it above the line include_dir of postgresql.conf.`,
  };
}

function notRead(folder: string): Problem {
  return {
    message: `${folder}/postgresql.conf on the host does not read the folder conf.d, where hostwright puts its settings.`,
    hint: "Add the line that Debian's has: include_dir = 'conf.d'",
  };
}
