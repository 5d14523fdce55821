import { sh } from '../../quote.ts';
import type { Step } from '../kind.ts';
import type { ExtensionSpec } from '../postgres-extension.ts';
import { slot } from '../shared/slot.ts';
import { ask, requireServer, runSql, serverForUndo } from './psql.ts';
import { identifier, literal } from './sql.ts';

/** What runs on the host to add an extension. The server takes it away again only while nothing uses it. */
export function extensionStep({ cluster, database, name }: ExtensionSpec): Step {
  const before = slot('postgres-extension', `${database}/${name}`);
  const enter = `\\connect ${identifier(database)}\n`;
  const exists = ask(cluster, `${enter}SELECT 1 FROM pg_extension WHERE extname = ${literal(name)}`);
  return {
    converged: sh`[ ${exists} = 1 ]`,
    unmoved: sh`[ -z ${exists} ]`,
    record: sh`${requireServer(cluster)}
: >${before}`,
    change: runSql(cluster, `${enter}CREATE EXTENSION ${identifier(name)}`),
    undo: sh`[ -e ${before} ] || exit 0
${serverForUndo(cluster)}
[ ${exists} = 1 ] || exit 0
${runSql(cluster, `${enter}DROP EXTENSION ${identifier(name)}`)} 2>/dev/null ||
  hw_stays ${`the extension ${name} of the PostgreSQL database ${database}`} 'since tables use it'`,
    remember: 'there',
  };
}
