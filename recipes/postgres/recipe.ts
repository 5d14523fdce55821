import { backupOf, dumpResources } from '../../src/compose/dumps.ts';
import { challengeEndpoints } from '../../src/compose/nginx/challenge.ts';
import { defineRecipe } from '../../src/compose/recipe.ts';
import { serviceProof } from '../../src/compose/tls/proof.ts';
import type { Resource } from '../../src/resources/kind.ts';
import { kind as packageKind } from '../../src/resources/package.ts';
import { kind as databaseKind } from '../../src/resources/postgres-database.ts';
import { kind as extensionKind } from '../../src/resources/postgres-extension.ts';
import { kind as roleKind } from '../../src/resources/postgres-role.ts';
import { kind as service } from '../../src/resources/service.ts';
import { type Cluster, chooseCluster } from './cluster.ts';
import { configuration } from './configuration.ts';
import { dumpFunctions, dumpsOf } from './dumps.ts';
import { databasesOf, inputs, rolesOf } from './inputs.ts';

/** Extensions that are no part of PostgreSQL's own package. */
const PACKAGES: Readonly<Record<string, (version: string) => string>> = {
  vector: (version) => `postgresql-${version}-pgvector`,
  postgis: (version) => `postgresql-${version}-postgis-3`,
};

export default defineRecipe({
  title: 'PostgreSQL',
  summary: 'Databases with owners and passwords, reached by TLS from the LAN, and dumped every night.',
  menu: 40,
  facts: ['postgres'],
  inputs,

  endpoints: ({ input, expose }) => {
    const [first] = databasesOf(input);
    return [
      {
        name: 'sql',
        protocol: 'tcp',
        port: input.port,
        prove: {
          probe: first ? 'postgres' : 'tcp',
          with: first
            ? {
                user: first.owner,
                database: first.name,
                refusesPlain: true,
                ...serviceProof({ tls: input.tls, expose, names: namesOf(input) }),
              }
            : {},
        },
      },
      ...challengeEndpoints({ tls: input.tls, expose }),
    ];
  },

  names: ({ input }) => namesOf(input),

  backup: ({ role, input }) => backupOf(dumpsOf({ role, input })),

  resources(context) {
    const { role, input } = context;
    const cluster = chooseCluster(context);
    const { resources, after, notes } = configuration(context, cluster);
    const databases = databasesOf(input);
    return {
      resources: [
        packageKind.of({ name: `postgresql-${cluster.version}` }),
        ...packagesOfExtensions(
          databases.flatMap(({ extensions }) => extensions),
          cluster,
        ),
        ...resources,
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
      after,
      notes,
    };
  },
});

function packagesOfExtensions(names: readonly string[], { version }: Cluster): readonly Resource[] {
  const packages = names.flatMap((name) => PACKAGES[name]?.(version) ?? []);
  return [...new Set(packages)].map((name) => packageKind.of({ name }));
}

function namesOf({ domain }: { readonly domain?: string | undefined }): readonly string[] {
  return domain === undefined ? [] : [domain];
}
