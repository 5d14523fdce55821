import { sh } from '../../quote.ts';
import { defineFact } from '../probe.ts';

/** A setting that stands in the server's option files. */
export interface MariadbSetting {
  readonly value: string;
  readonly file: string;
}

/** MariaDB on the host as it is without what hostwright sets. */
export interface Mariadb {
  /** `ours`: hostwright has set it up; `theirs`: it was there before. */
  readonly server: 'absent' | 'ours' | 'theirs';
  /** By name, with hyphens and without a prefix such as `loose-`; the last file to say something counts. */
  readonly settings: Readonly<Record<string, MariadbSetting>>;
  /** Accounts without a name, which let in anybody: the hosts that they are for. */
  readonly anonymous: readonly string[];
  /** Hosts other than this one from which `root` may log in. */
  readonly remoteRoot: readonly string[];
  /** Accounts that need no password, as `user@host`. */
  readonly withoutPassword: readonly string[];
  /** There is a database `test`, which old installers made for everybody. */
  readonly testDatabase: boolean;
}

/** Our own option file. */
export const MARIADB_OWN_FILE = '/etc/mysql/mariadb.conf.d/zz-hostwright.cnf';

/** Groups of option files that the server reads (MariaDB, "Configuring MariaDB with Option Files"). */
const SERVER_GROUP = /^(?:mysqld|server|mariadb|mariadbd)(?:-\d+(?:\.\d+)?)?$/;

const ACCOUNTS = `SELECT 'anonymous', Host FROM mysql.global_priv WHERE User = '' AND IFNULL(JSON_VALUE(Priv, '$.is_role'), '0') NOT IN ('1', 'true');
SELECT 'root', Host FROM mysql.global_priv WHERE User = 'root' AND Host NOT IN ('localhost', '127.0.0.1', '::1', @@hostname);
SELECT 'open', CONCAT(User, '@', Host) FROM mysql.global_priv
WHERE User <> '' AND IFNULL(JSON_VALUE(Priv, '$.is_role'), '0') NOT IN ('1', 'true')
AND IFNULL(JSON_VALUE(Priv, '$.account_locked'), '0') NOT IN ('1', 'true') AND NOT JSON_EXISTS(Priv, '$.auth_or')
AND IFNULL(JSON_VALUE(Priv, '$.plugin'), '') IN ('', 'mysql_native_password', 'mysql_old_password', 'ed25519', 'parsec')
AND IFNULL(JSON_VALUE(Priv, '$.authentication_string'), '') = '';
SELECT 'database', SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'test';`;

export const fact = defineFact<Mariadb>({
  onRequest: true,
  // Lines of files come with a space before each, so that nothing in them passes for a line of ours.
  script: sh`command -v mariadbd >/dev/null 2>&1 || exit 0
if [ -e ${MARIADB_OWN_FILE} ]; then echo '##ours'; else echo '##theirs'; fi
for f in /etc/my.cnf /etc/mysql/my.cnf /etc/mysql/conf.d/*.cnf /etc/mysql/mariadb.conf.d/*.cnf; do
  [ "$f" != ${MARIADB_OWN_FILE} ] && [ -r "$f" ] || continue
  printf '##file %s\n' "$f"
  sed -n 's/^[[:space:]]*\([[A-Za-z]\)/ \1/p' <"$f"
done
echo '##accounts'
printf '%s\n' ${ACCOUNTS} | timeout 10 mariadb --protocol=socket --user=root --batch --skip-column-names 2>/dev/null | sed 's/^/ /'
true`,
  parse(output) {
    const settings: Record<string, MariadbSetting> = {};
    const rows: (readonly [string, string])[] = [];
    let server: Mariadb['server'] = 'absent';
    let file: string | undefined;
    let counts = false;
    for (const line of output.split('\n')) {
      const [, label, rest = ''] = /^##(file|accounts|ours|theirs) ?(.*)$/.exec(line) ?? [];
      const [, group] = /^ \[([^\]]*)\]/.exec(line) ?? [];
      if (label === 'ours' || label === 'theirs') server = label;
      else if (label !== undefined) {
        file = label === 'file' ? rest : undefined;
        counts = false;
      } else if (group !== undefined) counts = SERVER_GROUP.test(group.trim());
      else if (file === undefined) rows.push(rowOf(line));
      else if (counts) {
        const setting = readSetting(line);
        if (setting) settings[setting.name] = { value: setting.value, file };
      }
    }
    const all = (what: string) => rows.filter(([kind]) => kind === what).map(([, value]) => value);
    return {
      server,
      settings,
      anonymous: all('anonymous'),
      remoteRoot: all('root'),
      withoutPassword: all('open'),
      testDatabase: all('database').length > 0,
    };
  },
});

/** A kind and what is of that kind, in characters that hosts and names usually have. */
function rowOf(line: string): readonly [string, string] {
  const [, kind = '', value = ''] = /^ ([a-z]+)\t(.*)$/.exec(line) ?? [];
  return [kind, value.replaceAll(/[^\w.%:/@-]/g, '?')];
}

/** `name = value # comment`; underscores are hyphens, and without a value it is switched on. */
function readSetting(line: string): { readonly name: string; readonly value: string } | undefined {
  const [, written, double, single, bare] =
    /^ ([A-Za-z][\w-]*)\s*(?:=\s*(?:"([^"]*)"|'([^']*)'|([^#]*)))?/.exec(line) ?? [];
  if (written === undefined) return undefined;
  const name = written
    .toLowerCase()
    .replaceAll('_', '-')
    .replace(/^loose-/, '');
  return { name, value: (double ?? single ?? bare ?? 'ON').trim() };
}
