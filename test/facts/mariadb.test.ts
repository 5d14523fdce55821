import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fact, type Mariadb } from '../../src/facts/probes/mariadb.ts';

const FOLDER = '/etc/mysql/mariadb.conf.d';
const NOTHING = { anonymous: [], remoteRoot: [], withoutPassword: [], testDatabase: false };

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hostwright-mariadb-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Runs the real script on a tree of files below `root`, where the client answers with these rows. */
function read(files: Readonly<Record<string, string>>, rows = ''): Mariadb {
  const all = {
    ...files,
    '/bin/mariadbd': '#!/bin/sh\n',
    '/bin/mariadb': `#!/bin/sh\ncat >"${root}/asked"\ncat <<'END'\n${rows}\nEND\n`,
  };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(root + path), { recursive: true });
    writeFileSync(root + path, text, { mode: 0o755 });
  }
  const output = execFileSync('dash', ['-c', fact.script.text.replaceAll('/etc/', `${root}/etc/`)], {
    encoding: 'utf8',
    env: { PATH: `${root}/bin:${process.env.PATH}` },
  });
  return fact.parse(output.replaceAll(root, ''));
}

it('finds nothing where there is no MariaDB', () => {
  expect(fact.parse('')).toEqual({ server: 'absent', settings: {}, ...NOTHING });
});

it('reads what the files of the server say, the last one last, and not our own', () => {
  const found = read({
    '/etc/mysql/my.cnf': '[client-server]\nport = 1\n# [mysqld]\n[mariadb]\nmax_connections = 10\n',
    '/etc/mysql/conf.d/mysqldump.cnf': '[mysqldump]\nquick\n',
    [`${FOLDER}/50-server.cnf`]:
      '[server]\n\n[mysqld]\n#port=2\n  bind_address = "0.0.0.0" # all\n\tskip-name-resolve\nloose-max-connections=20\n[embedded]\nport=3\n[mariadb-10.11]\nkey_buffer_size=1M\n',
    [`${FOLDER}/zz-hostwright.cnf`]: '[mariadbd]\nmax-connections = 30\n',
  });
  const file = `${FOLDER}/50-server.cnf`;
  expect(found).toEqual({
    server: 'ours',
    settings: {
      'max-connections': { value: '20', file },
      'bind-address': { value: '0.0.0.0', file },
      'skip-name-resolve': { value: 'ON', file },
      'key-buffer-size': { value: '1M', file },
    },
    ...NOTHING,
  });
});

it('reads what accounts there are that should not be', () => {
  const rows =
    'anonymous\tlocalhost\nanonymous\tattic\nroot\t%\nopen\tanna@10.0.0.0/255.0.0.0\ndatabase\ttest';
  expect(read({}, rows)).toEqual({
    ...{ server: 'theirs', settings: {}, anonymous: ['localhost', 'attic'], remoteRoot: ['%'] },
    ...{ withoutPassword: ['anna@10.0.0.0/255.0.0.0'], testDatabase: true },
  });
});

it('takes nothing that stands in a file or a name for an answer of its own', () => {
  const found = read(
    { [`${FOLDER}/a.cnf`]: '[mysqld]\n##accounts\n anonymous\tlocalhost\n##ours\n[mysqld]x\n' },
    'anonymous\ta"; rm -rf /\u001b[31m\n##file /x\n[mysqld]\nport=7',
  );
  expect(found).toMatchObject({ server: 'theirs', anonymous: ['a??_rm_-rf_/??31m'.replaceAll('_', '?')] });
  expect(found.settings).not.toHaveProperty('port');
});

it('reads any output', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string(), fc.constantFrom('##file /x', '##accounts', ' [mysqld]', ' port = 1'))),
      (lines) => {
        expect(fact.parse(lines.join('\n'))).toHaveProperty('settings');
      },
    ),
  );
});
