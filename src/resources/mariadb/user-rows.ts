import { sqlText } from './sql.ts';

/** The rights of ALL PRIVILEGES in one database that MariaDB 10.11 and 11.8 share, as columns of mysql.db. */
const RIGHTS = [
  'Select',
  'Insert',
  'Update',
  'Delete',
  'Create',
  'Drop',
  'References',
  'Index',
  'Alter',
  'Create_tmp_table',
  'Lock_tables',
  'Create_view',
  'Show_view',
  'Create_routine',
  'Alter_routine',
  'Execute',
  'Event',
  'Trigger',
  'Delete_history',
].map((name) => `${name}_priv`);

/**
 * One row for each account of these users: `account`, user, host, plugin, verifier, `tls` or `any`, and `special` where
 * it is locked or has a second way in; and one for each database: `grant`, user, host, database, `all` or `some`.
 * @param only restricts hosts and databases; absent: all
 */
export function accountRows(
  users: readonly string[],
  only?: { readonly hosts: readonly string[]; readonly databases: readonly string[] },
): string {
  const list = (words: readonly string[]) => words.map(sqlText).join(', ');
  const places = only ? ` AND Host IN (${list(only.hosts)})` : '';
  // The names of databases are patterns there: ‘_’ has a backslash before it.
  const plain = String.raw`REPLACE(Db, '\\_', '_')`;
  const databases = only ? ` AND ${plain} IN (${list(['', ...only.databases])})` : '';
  return `SELECT 'account', User, Host, IFNULL(JSON_VALUE(Priv, '$.plugin'), ''),
  IFNULL(JSON_VALUE(Priv, '$.authentication_string'), ''),
  IF(IFNULL(JSON_VALUE(Priv, '$.ssl_type'), 0) > 0, 'tls', 'any'),
  IF(JSON_EXISTS(Priv, '$.auth_or') OR IFNULL(JSON_VALUE(Priv, '$.account_locked'), '0') IN ('1', 'true'), 'special', 'plain')
FROM mysql.global_priv WHERE User IN (${list(users)})${places};
SELECT 'grant', User, Host, ${plain},
  IF('N' IN (${RIGHTS.join(', ')}) OR Grant_priv = 'Y', 'some', 'all')
FROM mysql.db WHERE User IN (${list(users)})${places}${databases};`;
}

/** The row of an account that is as it should be. */
export function accountRow(account: {
  readonly user: string;
  readonly host: string;
  readonly tls: boolean;
  readonly verifier: string;
}): string {
  const { user, host, tls, verifier } = account;
  return ['account', user, host, 'mysql_native_password', verifier, tls ? 'tls' : 'any', 'plain'].join('\t');
}

/** The row of a database that an account fully has. */
export function grantRow(grant: {
  readonly user: string;
  readonly host: string;
  readonly database: string;
}): string {
  return ['grant', grant.user, grant.host, grant.database, 'all'].join('\t');
}
