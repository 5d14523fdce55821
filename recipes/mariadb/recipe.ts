import { backupOf, dumpResources } from '../../src/compose/dumps.ts';
import { challengeEndpoints } from '../../src/compose/nginx/challenge.ts';
import { defineRecipe } from '../../src/compose/recipe.ts';
import type { RoleCertificate } from '../../src/compose/tls/certificate.ts';
import { isByAcme } from '../../src/compose/tls/choose.ts';
import { serviceProof } from '../../src/compose/tls/proof.ts';
import { certificateFor } from '../../src/compose/tls.ts';
import { MARIADB_OWN_FILE } from '../../src/facts/probes/mariadb.ts';
import { kind as directory } from '../../src/resources/directory.ts';
import { kind as file } from '../../src/resources/file.ts';
import type { Resource } from '../../src/resources/kind.ts';
import { kind as databaseKind } from '../../src/resources/mariadb-database.ts';
import { kind as userKind } from '../../src/resources/mariadb-user.ts';
import { kind as packageKind } from '../../src/resources/package.ts';
import { kind as service } from '../../src/resources/service.ts';
import { dumpFunctions, dumpsOf } from './dumps.ts';
import { notesOn, PORT, refuseWhatIsThere } from './found.ts';
import { databasesOf, inputs, type MariadbContext, ownersOf } from './inputs.ts';
import { type Sizes, sizesFor } from './memory.ts';
import { placesFor } from './places.ts';

export default defineRecipe({
  title: 'MariaDB',
  summary: 'A MariaDB server with databases, owners, TLS on the LAN, and dumps every night.',
  menu: 60,
  facts: ['mariadb'],
  inputs,

  endpoints: ({ input, expose }) => [
    {
      name: 'mariadb',
      protocol: 'tcp',
      port: PORT,
      prove: {
        probe: 'mariadb',
        with: { tls: true, ...serviceProof({ tls: input.tls, expose, names: namesOf(input) }) },
      },
    },
    ...challengeEndpoints({ tls: input.tls, expose }),
  ],

  names: ({ input }) => namesOf(input),

  backup: ({ role, input }) => backupOf(dumpsOf({ role, input })),

  resources(context) {
    const { role, input, secret } = context;
    refuseWhatIsThere(context);
    const { places, notes } = placesFor(context);
    const { sizes, notes: left } = sizesFor(context);
    const tls = certificate(context);
    return {
      resources: [
        packageKind.of({ name: 'mariadb-server' }),
        ...configuration(context, sizes, tls),
        service.of({ name: 'mariadb' }),
        ...databasesOf(input).map(({ name, charset, collation }) =>
          databaseKind.of({ name, charset, collation }),
        ),
        ...[...ownersOf(input)].map(([user, owns]) =>
          userKind.of({ user, secret: secret(user), places: [...places], owns: [...owns] }),
        ),
        ...dumpResources({
          ...dumpsOf({ role, input }),
          title: 'MariaDB',
          unit: 'mariadb.service',
          keepDays: input.dumps.keepDays,
          functions: dumpFunctions,
        }),
      ],
      after: tls.after,
      notes: [...notes, ...left, ...tls.notes, ...notesOn(context)],
    };
  },
});

/** One that is renewed every few weeks is read again without cutting anybody off. */
function certificate(context: MariadbContext): RoleCertificate {
  const { domain, tls } = context.input;
  return certificateFor(context, {
    group: 'mysql',
    ...(domain === undefined ? {} : { names: [domain] }),
    service: 'mariadb',
    action: isByAcme(tls) ? 'reload' : 'restart',
  });
}

/** The certificate, the settings and the sandbox: all before the server starts. */
function configuration(context: MariadbContext, sizes: Sizes, tls: RoleCertificate): readonly Resource[] {
  const { role, host, expose, input, template } = context;
  const lan = expose === 'lan';
  const { certificate, key } = tls;
  const restart = { notify: [{ service: 'mariadb', action: 'restart' as const }] };
  // Reads all its option files, and ends with an error for an option that it does not know.
  const validate = { root: '/etc/mysql', command: ['mariadbd', '--user=mysql', '--verbose', '--help'] };
  const dropIn = '/etc/systemd/system/mariadb.service.d';
  return [
    ...tls.resources,
    file.of(
      {
        path: MARIADB_OWN_FILE,
        content: template('server.cnf', { role, host, lan, certificate, key, ...sizes }),
      },
      { ...restart, validate },
    ),
    directory.of({ path: dropIn, mode: '0755' }),
    file.of(
      {
        path: `${dropIn}/hostwright.conf`,
        content: template('sandbox.conf', { host, renewed: isByAcme(input.tls) }),
      },
      restart,
    ),
  ];
}

function namesOf({ domain }: { readonly domain?: string | undefined }): readonly string[] {
  return domain === undefined ? [] : [domain];
}
