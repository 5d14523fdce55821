import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fact, type Postgres } from '../../src/facts/probes/postgres.ts';

const ETC = '/etc/postgresql/15/main';
const DATA = '/var/lib/postgresql/15/main';
/** As Debian makes it, shortened. */
const DEBIAN = `# - Connection Settings -
#listen_addresses = 'localhost'		# what IP address(es) to listen on;
port = 5432				# (change requires restart)
max_connections = 100			# (change requires restart)
shared_buffers = 128MB			# min 128kB
ssl = on
log_line_prefix = '%m [%p] %q%u@%d '		# special values:
include_dir = 'conf.d'			# include files ending in '.conf' from
`;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hostwright-postgres-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Runs the real script on a tree of files below `root`, where Debian's tool lists these clusters. */
function read(
  files: Readonly<Record<string, string>>,
  clusters = [`15 main 5432 online postgres ${DATA} log`],
): Postgres {
  const listed = clusters.map((line) => line.replace(' /var', ` ${root}/var`)).join('\n');
  const all = { ...files, '/bin/pg_lsclusters': `#!/bin/sh\ncat <<'END'\n${listed}\nEND\n` };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(root + path), { recursive: true });
    writeFileSync(root + path, text, { mode: 0o755 });
  }
  const output = execFileSync(
    'dash',
    ['-c', fact.script.text.replaceAll('/etc/postgresql', `${root}/etc/postgresql`)],
    {
      encoding: 'utf8',
      env: { PATH: `${root}/bin:${process.env.PATH}` },
    },
  );
  return fact.parse(output.replaceAll(root, ''));
}

it('finds no cluster where there is no PostgreSQL', () => {
  expect(fact.parse('')).toEqual({ clusters: [] });
});

it('reads a cluster as Debian makes it', () => {
  const rules =
    '# TYPE\nlocal   all             postgres                                peer\nhost all all ::1/128\tscram-sha-256 # x\n';
  const { clusters } = read({ [`${ETC}/postgresql.conf`]: DEBIAN, [`${ETC}/pg_hba.conf`]: rules });
  const file = `${ETC}/postgresql.conf`;
  expect(clusters).toMatchObject([
    {
      ...{ version: '15', name: 'main', port: 5432, data: DATA, spaces: [], readsOwnFile: true },
      rules: ['local all postgres peer', 'host all all ::1/128 scram-sha-256'],
      settings: {
        max_connections: { value: '100', file, wins: false },
        shared_buffers: { value: '128MB', file, wins: false },
        log_line_prefix: { value: '%m [%p] %q%u@%d ', file, wins: false },
      },
    },
  ]);
  expect(clusters[0]?.own).toBeUndefined();
  expect(clusters[0]?.settings).not.toHaveProperty('listen_addresses');
});

it('knows who has the last word', () => {
  const settings = (files: Record<string, string>) =>
    read({ [`${ETC}/postgresql.conf`]: `${DEBIAN}Work_Mem '8MB'\n`, ...files }).clusters[0]?.settings;
  const early = `${ETC}/conf.d/10-mine.conf`;
  const late = `${ETC}/conf.d/mine.conf`;
  const auto = `${DATA}/postgresql.auto.conf`;
  expect(settings({ [early]: 'port = 5433\nwork_mem = 4MB\n' })).toMatchObject({
    port: { value: '5433', file: early, wins: false },
    // Behind the line that reads the folder.
    work_mem: { value: '8MB', file: `${ETC}/postgresql.conf`, wins: true },
  });
  expect(settings({ [late]: "port = '5434'\n" })?.port).toEqual({ value: '5434', file: late, wins: true });
  expect(settings({ [auto]: "port = '5435'\n" })?.port).toEqual({ value: '5435', file: auto, wins: true });
});

it('does not take its own file for somebody’s, and knows whether rules of its own are in force', () => {
  const own = `${ETC}/conf.d/hostwright.conf`;
  const cluster = (text: string) => read({ [`${ETC}/postgresql.conf`]: DEBIAN, [own]: text }).clusters[0];
  expect(cluster('max_connections = 40\n')).toMatchObject({
    own: { rules: false },
    settings: { max_connections: { value: '100' } },
  });
  expect(cluster("hba_file = '/x'\n")?.own).toEqual({ rules: true });
});

it('sees that nothing in conf.d is read', () => {
  const [cluster] = read({
    [`${ETC}/postgresql.conf`]: DEBIAN.replace(/^include_dir.*$/m, ''),
    [`${ETC}/conf.d/mine.conf`]: 'port = 9\n',
  }).clusters;
  expect([cluster?.readsOwnFile, cluster?.settings.port?.value]).toEqual([false, '5432']);
});

it('finds tablespaces and further clusters', () => {
  mkdirSync(root + join(DATA, 'pg_tblspc'), { recursive: true });
  symlinkSync('/srv/space', root + join(DATA, 'pg_tblspc/16384'));
  const lines = [
    `15 main 5432 online postgres ${DATA} log`,
    '17 main 5433 down,recovery postgres /srv/pg17 log',
    'nonsense',
  ];
  expect(read({}, lines).clusters.map(({ version, port, spaces }) => [version, port, spaces])).toEqual([
    ['15', 5432, ['/srv/space']],
    ['17', 5433, []],
  ]);
});

it('takes nothing in a file for a line of its own, whatever is in it', () => {
  const unit = fc.constantFrom(
    ...'ab# =\'"\n\t',
    '##cluster 15 x 1 /',
    '##own',
    '##file /',
    '##space /',
    '\u00e9',
  );
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 40 }), (text) => {
      const { clusters } = read({ [`${ETC}/postgresql.conf`]: text, [`${ETC}/pg_hba.conf`]: text });
      expect(clusters.map(({ name, spaces, own }) => [name, spaces, own])).toEqual([['main', [], undefined]]);
    }),
    { numRuns: 30 },
  );
});
