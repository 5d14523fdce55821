import type { RecipeResult } from '../../src/compose/recipe.ts';
import { certificateFor } from '../../src/compose/tls.ts';
import { POSTGRES_OWN_FILE } from '../../src/facts/probes/postgres.ts';
import { kind as directory } from '../../src/resources/directory.ts';
import { kind as file } from '../../src/resources/file.ts';
import type { Resource } from '../../src/resources/kind.ts';
import { decideAccess, OWN_RULES } from './access.ts';
import type { Cluster } from './cluster.ts';
import type { PostgresContext } from './inputs.ts';
import { settle } from './precedence.ts';
import { tune } from './settings.ts';

/**
 * The certificate, the settings, the rules and the sandbox: all before the server starts.
 * @throws {UserError} where the role cannot have what it needs beside what is there
 */
export function configuration(context: PostgresContext, cluster: Cluster): Required<RecipeResult> {
  const { role, host, input, template } = context;
  const { unit, folder, found } = cluster;
  const writer = { role, host };
  const { rules, listen, notes } = decideAccess(context, cluster);
  const tuning = tune(context, cluster);
  const tls = certificateFor(context, {
    group: 'postgres',
    ...(input.domain === undefined ? {} : { names: [input.domain] }),
    service: unit,
    action: 'reload',
  });
  const rulesPath = `${folder}/${OWN_RULES}`;
  const own = {
    listen_addresses: listen,
    port: String(input.port),
    ...(rules ? { hba_file: rulesPath } : {}),
    password_encryption: 'scram-sha-256',
    ssl: 'on',
    ssl_cert_file: tls.certificate,
    ssl_key_file: tls.key,
    // Nobody's choice of the newer one is taken back.
    ssl_min_protocol_version:
      found?.settings.ssl_min_protocol_version?.value === 'TLSv1.3' ? 'TLSv1.3' : 'TLSv1.2',
    // Nor that of ciphers, which old clients may need.
    ssl_ciphers: found?.settings.ssl_ciphers?.value ?? 'ECDHE+AESGCM:ECDHE+CHACHA20',
    jit: 'off',
  };
  const asked = input.maxConnections === undefined ? {} : { max_connections: String(input.maxConnections) };
  const settled = settle(cluster, { ...own, ...asked });
  const hba = template('hba.conf', {
    ...writer,
    lan: (rules?.ranges ?? []).map((range) => ({ ...rules, range })),
  });
  return {
    resources: [
      ...tls.resources,
      ...(rules
        ? [
            file.of(
              { path: rulesPath, content: hba, mode: '0640', owner: 'root', group: 'postgres' },
              { notify: [{ service: unit, action: 'reload' }] },
            ),
          ]
        : []),
      settingsFile(
        cluster,
        template('hostwright.conf', { ...writer, ...tuning.values, ...own, rules: rules ? rulesPath : '' }),
      ),
      ...sandbox(context, cluster),
    ],
    after: tls.after,
    notes: [...notes, ...tls.notes, ...tuning.notes, ...settled],
  };
}

/** The server itself judges its settings before they are put in place. */
function settingsFile({ unit, folder, version }: Cluster, content: string): Resource {
  const server = `/usr/lib/postgresql/${version}/bin/postgres`;
  return file.of(
    { path: `${folder}/conf.d/${POSTGRES_OWN_FILE}`, content },
    {
      notify: [{ service: unit, action: 'restart' }],
      validate: {
        root: folder,
        command: [
          ...['runuser', '-u', 'postgres', '--', server],
          ...['-C', 'config_file', '-c', `config_file=${folder}/postgresql.conf`],
        ],
      },
    },
  );
}

function sandbox(
  { role, host, template }: PostgresContext,
  { unit, data, spaces }: Cluster,
): readonly Resource[] {
  const folder = `/etc/systemd/system/${unit}.service.d`;
  const folders = [data, ...spaces].filter((place) => !place.startsWith('/var/lib/postgresql/'));
  const home = folders.some((place) => /^\/(home|root)\//.test(place));
  return [
    directory.of({ path: folder, mode: '0755' }),
    file.of(
      { path: `${folder}/hostwright.conf`, content: template('sandbox.conf', { role, host, folders, home }) },
      { notify: [{ service: unit, action: 'restart' }] },
    ),
  ];
}
