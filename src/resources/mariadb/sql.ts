import { type Shell, sh } from '../../quote.ts';

/**
 * First in every script: how quotes are read depends on the mode (MariaDB, "SQL_MODE"), which an administrator may have
 * set otherwise for all.
 */
export const STANDARD_MODE = "SET SESSION sql_mode = 'STRICT_TRANS_TABLES';";

/**
 * Quotes text as one literal of MariaDB's SQL, in the mode of {@link STANDARD_MODE} (MariaDB, "String Literals").
 * @throws {RangeError} for NUL and half characters, which no name or pattern has.
 */
export function sqlText(value: string): string {
  refuseUnwritable(value);
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/**
 * Quotes an identifier of MariaDB's SQL (MariaDB, "Identifier Names"). A backslash in it is a backslash.
 * @throws {RangeError} for what an identifier cannot hold.
 */
export function sqlName(value: string): string {
  refuseUnwritable(value);
  if (value === '' || value.endsWith(' ') || /[\u{10000}-\u{10ffff}]/u.test(value))
    throw new RangeError(
      'A name in MariaDB is not empty, does not end in a blank, and has no character beyond U+FFFF',
    );
  return `\`${value.replaceAll('`', '``')}\``;
}

/** A database's name where GRANT takes a pattern: `_` and `%` would stand for other characters (MariaDB, "GRANT"). */
export function sqlGrantName(database: string): string {
  return sqlName(database.replaceAll(/[\\_%]/g, '\\$&'));
}

/** An account: who, and from where. */
export interface Account {
  readonly user: string;
  readonly host: string;
}

/** `'blog'@'localhost'` */
export function sqlAccount({ user, host }: Account): string {
  return `${sqlText(user)}@${sqlText(host)}`;
}

function refuseUnwritable(value: string): void {
  if (/\0|\p{Surrogate}/u.test(value)) throw new RangeError('NUL and half characters have no place in SQL');
}

/**
 * The client as root by the local socket, where the server knows who asks. SQL comes by standard input, so that no
 * process list shows it. A row is a line, its fields have tabs in between; NULL is `NULL`.
 */
export const client: Shell = sh`mariadb --protocol=socket --user=root --batch --skip-column-names --binary-mode --default-character-set=utf8mb4`;

/** Runs SQL that holds nothing secret. */
export function query(sql: string): Shell {
  return sh`printf '%s\n' ${`${STANDARD_MODE}\n${sql}`} | ${client}`;
}

/**
 * For observing: prints what the server is like, and then the rows. `absent`: there is no MariaDB; `silent`: it does not
 * answer, since it does not run or does not take root at its socket for its administrator.
 */
export function observing(sql: string): Shell {
  return sh`if ! command -v mariadb >/dev/null; then echo absent
elif hw_rows=$(${query(sql)} 2>/dev/null); then printf 'answers\n%s\n' "$hw_rows"
else echo silent; fi`;
}

/** What {@link observing} printed: undefined rows when the server could not be asked. */
export interface Asked {
  readonly server: 'absent' | 'silent' | 'answers';
  readonly rows: readonly (readonly string[])[];
}

/** Takes the output of {@link observing} apart; undefined when it is none. */
export function parseAsked(output: Buffer): Asked | undefined {
  const [server, ...lines] = output.toString().trimEnd().split('\n');
  if (server !== 'absent' && server !== 'silent' && server !== 'answers') return undefined;
  return { server, rows: lines.filter((line) => line !== '').map((line) => line.split('\t')) };
}

/** For steps: fails with a reason for people when the server does not answer. */
export const needServer: Shell = sh`${query('SELECT 1;')} >/dev/null || hw_fail 'MariaDB on this host does not let root in at its local socket. Does it run (systemctl status mariadb)? Does sudo mariadb work there without a password?'`;

/** For undoing: ends the step at once where MariaDB is gone already, and with it all accounts; its data stays. */
export const goneWithServer: Shell = sh`command -v mariadbd >/dev/null || exit 0`;
