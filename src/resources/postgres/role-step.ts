import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { sh } from '../../quote.ts';
import { scramVerifier } from '../../secrets/scram.ts';
import type { Blob, Step } from '../kind.ts';
import type { RoleSpec, RoleState } from '../postgres-role.ts';
import { slot } from '../shared/slot.ts';
import { ask, psql, requireServer, runSql, serverForUndo } from './psql.ts';
import { identifier, literal } from './sql.ts';

/** What runs on the host to make a role, or to set its password. No part of a script holds a verifier: that is in a blob. */
export function roleStep({ cluster, name, secret }: RoleSpec, state: RoleState): Step {
  const before = slot('postgres-role', name);
  const blob = `postgres-role-${name}`;
  const own = `FROM pg_authid WHERE rolname = ${literal(name)}`;
  const password = `SELECT coalesce(rolpassword, '') ${own}`;
  const role = identifier(name);
  // The server itself quotes what it gives us.
  const restoring = `SELECT format('ALTER ROLE %I %s PASSWORD %L;', rolname,
  CASE WHEN rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END, rolpassword) ${own}`;
  return {
    // [ is part of the shell: nothing of this is an argument of a program.
    converged: sh`[ -s "$HW_BLOBS"/${blob} ] && [ ${ask(cluster, `SELECT rolpassword ${own} AND rolcanlogin`)} = "$(cat -- "$HW_BLOBS"/${blob})" ]`,
    unmoved:
      typeof state === 'string'
        ? sh`[ -z ${ask(cluster, `SELECT 1 ${own}`)} ]`
        : sh`[ "$(${runSql(cluster, password)} | sha256sum | cut -c1-64)" = ${sha256(`${state.verifier}\n`)} ]`,
    record: sh`${requireServer(cluster)}
(umask 077; ${runSql(cluster, restoring)} >${before}) || exit 1`,
    // One transaction: there is no moment in which the role has no password.
    change: sh`{ printf '%s\n' ${`BEGIN; SET LOCAL log_statement = 'none'; SET LOCAL log_min_duration_statement = -1;
SELECT ${literal(`CREATE ROLE ${role}`)} WHERE NOT EXISTS (SELECT ${own}) \\gexec`}
printf '%s' ${`ALTER ROLE ${role} LOGIN PASSWORD '`}; cat -- "$HW_BLOBS"/${blob}; echo "'; COMMIT;"; } | ${psql(cluster)}`,
    after: sh`(umask 077; ${runSql(cluster, password)} 2>/dev/null | sha256sum >${before}.left)`,
    undo: sh`[ -e ${before} ] || exit 0
${serverForUndo(cluster)}
[ -n ${ask(cluster, `SELECT 1 ${own}`)} ] || exit 0
if [ ! -s ${before} ]; then
  # The server refuses while the role owns anything, or has rights somewhere.
  ${runSql(cluster, `DROP ROLE ${role}`)} 2>/dev/null ||
    hw_stays ${`the PostgreSQL role ${name}`} 'since databases or tables belong to it'
  exit 0
fi
if [ -s ${before}.left ] && [ "$(${runSql(cluster, password)} | sha256sum)" != "$(cat -- ${before}.left)" ]; then
  hw_stays ${`the password of the PostgreSQL role ${name}`} 'since it was changed'; exit 0
fi
${psql(cluster)} <${before}`,
    blobs: [verifierBlob(blob, { name, secret })],
    remember: 'set',
  };
}

function verifierBlob(blob: string, { name, secret }: Pick<RoleSpec, 'name' | 'secret'>): Blob {
  const bytes = Buffer.from(scramVerifier(secret.reveal(), secret.salt(`PostgreSQL role ${name}`, 16)));
  return {
    name: blob,
    sha256: sha256(bytes),
    size: bytes.length,
    secret: secret.planMark,
    open: () => Readable.from([bytes]),
  };
}

function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
