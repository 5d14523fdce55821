import { backupOf, dumpResources } from '../../src/compose/dumps.ts';
import { defineRecipe } from '../../src/compose/recipe.ts';
import { certificateFor } from '../../src/compose/tls.ts';
import { POSTGRES_OWN_FILE } from '../../src/facts/probes/postgres.ts';
import { kind as directory } from '../../src/resources/directory.ts';
import { kind as file } from '../../src/resources/file.ts';
import type { Resource } from '../../src/resources/kind.ts';
import { kind as packageKind } from '../../src/resources/package.ts';
import { kind as databaseKind } from '../../src/resources/postgres-database.ts';
import { kind as extensionKind } from '../../src/resources/postgres-extension.ts';
import { kind as roleKind } from '../../src/resources/postgres-role.ts';
import { kind as service } from '../../src/resources/service.ts';
import { type Access, decideAccess } from './access.ts';
import { type Cluster, chooseCluster } from './cluster.ts';
import { dumpFunctions, dumpsOf } from './dumps.ts';
import { databasesOf, inputs, type PostgresContext, rolesOf } from './inputs.ts';
import { type Tuning, tune } from './settings.ts';

/** Extensions that are no part of PostgreSQL's own package. */
const PACKAGES: Readonly<Record<string, (version: string) => string>> = {
  vector: (version) => `postgresql-${version}-pgvector`,
  postgis: (version) => `postgresql-${version}-postgis-3`,
  pg_cron: (version) => `postgresql-${version}-cron`,
  timescaledb: (version) => `postgresql-${version}-timescaledb`,
};

export default defineRecipe({
  title: 'PostgreSQL',
  summary: 'Databases with owners and passwords, reached by TLS from the LAN, and dumped every night.',
  menu: 40,
  facts: ['postgres'],
  inputs,

  endpoints: ({ input }) => {
    const [first] = databasesOf(input);
    return [
      {
        name: 'sql',
        protocol: 'tcp',
        port: input.port,
        prove: {
          probe: first ? 'postgres' : 'tcp',
          with: first ? { user: first.owner, database: first.name, refusesPlain: true } : {},
        },
      },
    ];
  },

  backup: ({ role, input }) => backupOf(dumpsOf({ role, input })),

  resources(context) {
    const { role, input } = context;
    const cluster = chooseCluster(context);
    const access = decideAccess(context, cluster);
    const tuning = tune(context, cluster);
    const databases = databasesOf(input);
    return {
      resources: [
        packageKind.of({ name: `postgresql-${cluster.version}` }),
        ...packagesOfExtensions(
          databases.flatMap(({ extensions }) => extensions),
          cluster,
        ),
        ...configuration(context, cluster, access, tuning),
        service.of({ name: cluster.unit }),
        ...rolesOf(input).map((name) =>
          roleKind.of({ cluster: cluster.id, name, secret: context.secret(name) }),
        ),
        ...databases.map(({ name, owner }) => databaseKind.of({ cluster: cluster.id, name, owner })),
        ...databases.flatMap(({ name: database, extensions }) =>
          extensions.map((name) => extensionKind.of({ cluster: cluster.id, database, name })),
        ),
        ...dumpResources({
          ...dumpsOf({ role, input }),
          title: 'PostgreSQL',
          unit: `${cluster.unit}.service`,
          keepDays: input.dumps.keepDays,
          functions: dumpFunctions(cluster, input),
        }),
      ],
      notes: [...access.notes, ...tuning.notes],
    };
  },
});

function packagesOfExtensions(names: readonly string[], { version }: Cluster): readonly Resource[] {
  const packages = names.flatMap((name) => PACKAGES[name]?.(version) ?? []);
  return [...new Set(packages)].map((name) => packageKind.of({ name }));
}

/** The certificate, the settings, the rules and the sandbox: all before the server starts. */
function configuration(
  context: PostgresContext,
  { unit, folder, version, data, spaces }: Cluster,
  { rules, listen }: Access,
  { values }: Tuning,
): readonly Resource[] {
  const { role, host, input, template } = context;
  const writer = { role, host };
  const tls = certificateFor(context, { group: 'postgres', service: unit, action: 'reload' });
  const path = `${folder}/conf.d/${POSTGRES_OWN_FILE}`;
  const rulesPath = `${folder}/hostwright_hba.conf`;
  const server = [`/usr/lib/postgresql/${version}/bin/postgres`, '-C', 'config_file'];
  const outside = [data, ...spaces].filter((place) => !place.startsWith('/var/lib/postgresql/'));
  const dropIn = `/etc/systemd/system/${unit}.service.d`;
  const settings = template('hostwright.conf', {
    ...writer,
    ...values,
    ...{ listen, port: input.port, certificate: tls.certificate, key: tls.key },
    rules: rules ? rulesPath : '',
  });
  return [
    ...tls.resources,
    ...(rules
      ? [
          file.of(
            {
              path: rulesPath,
              content: template('hba.conf', {
                ...writer,
                lan: rules.ranges.map((range) => ({ ...rules, range })),
              }),
              ...{ mode: '0640', owner: 'root', group: 'postgres' },
            },
            { notify: [{ service: unit, action: 'reload' }] },
          ),
        ]
      : []),
    file.of(
      { path, content: settings },
      {
        notify: [{ service: unit, action: 'restart' }],
        validate: {
          root: folder,
          command: [
            'runuser',
            '-u',
            'postgres',
            '--',
            ...server,
            '-c',
            `config_file=${folder}/postgresql.conf`,
          ],
        },
      },
    ),
    directory.of({ path: dropIn, mode: '0755' }),
    file.of(
      {
        path: `${dropIn}/hostwright.conf`,
        content: template('sandbox.conf', { ...writer, folders: outside }),
      },
      { notify: [{ service: unit, action: 'restart' }] },
    ),
  ];
}
