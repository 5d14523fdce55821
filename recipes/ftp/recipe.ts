import { findLan } from '../../src/compose/lan.ts';
import { challengeEndpoints } from '../../src/compose/nginx/challenge.ts';
import { defineRecipe, type PlanNote } from '../../src/compose/recipe.ts';
import { isByAcme } from '../../src/compose/tls/choose.ts';
import { serviceProof } from '../../src/compose/tls/proof.ts';
import { certificateFor } from '../../src/compose/tls.ts';
import { accountResources } from '../../src/compose/transfer/accounts.ts';
import { admittedRanges, lanRanges } from '../../src/compose/transfer/admitted.ts';
import {
  passwordKeeper,
  refuseSecond,
  SHARED,
  transferUsers,
  USERS,
} from '../../src/compose/transfer/users.ts';
import { UserError } from '../../src/errors.ts';
import { isPrivateAddress } from '../../src/facts/address.ts';
import { OUR_PROFTPD } from '../../src/facts/ftp/drop-in.ts';
import { kind as directory } from '../../src/resources/directory.ts';
import { kind as file } from '../../src/resources/file.ts';
import { kind as packageKind } from '../../src/resources/package.ts';
import { kind as password } from '../../src/resources/password.ts';
import { kind as service } from '../../src/resources/service.ts';
import { type FtpContext, inputs, lastPassivePort } from './inputs.ts';

const CONFIG = '/etc/proftpd/hostwright.conf';
const SERVICE = 'proftpd';
const configTest = ['proftpd', '--configtest', '-c', CONFIG];

export default defineRecipe({
  title: 'FTP',
  summary: 'Lets people send and fetch files by FTP with TLS, each locked into folders of his own.',
  facts: ['ftp', 'sshd'],
  inputs,

  endpoints: ({ input, expose }) => [
    {
      name: 'ftp',
      protocol: 'tcp',
      port: input.port,
      prove: { probe: 'ftp', with: serviceProof({ tls: input.tls, expose, names: namesOf(input) }) },
    },
    // Open during a transfer only, so that nobody can tell by themselves.
    { name: 'transfers', protocol: 'tcp', port: input.passivePort, lastPort: lastPassivePort(input) },
    ...challengeEndpoints({ tls: input.tls, expose }),
  ],

  names: ({ input }) => namesOf(input),

  resources(context) {
    const { input, others, secret } = context;
    refuseSecond(context, 'FTP');
    refuseTaken(context);
    const users = transferUsers(context);
    const { publicAddress } = input;
    const certificate = certificateFor(context, {
      group: 'root',
      ...(isName(publicAddress) ? { names: [publicAddress] } : {}),
      service: SERVICE,
      action: 'reload',
    });
    const notify = [{ service: SERVICE, action: 'restart' as const }];
    return {
      resources: [
        packageKind.of({ name: 'proftpd-core' }),
        // TLS comes in a package of its own.
        packageKind.of({ name: 'proftpd-mod-crypto' }),
        ...accountResources(context, users),
        ...users
          .filter(({ name }) => passwordKeeper(others, name) === undefined)
          .map(({ name }) => password.of({ user: name, secret: secret(name, { account: name }) })),
        ...certificate.resources,
        file.of(
          { path: CONFIG, content: config(context, certificate) },
          { notify, validate: { root: '/etc/proftpd', command: configTest } },
        ),
        directory.of({ path: OUR_PROFTPD.slice(0, OUR_PROFTPD.lastIndexOf('/')) }),
        file.of(
          {
            path: OUR_PROFTPD,
            content: unit(
              context,
              users.some(({ folders }) => folders.length > 0),
            ),
          },
          { notify },
        ),
        service.of({ name: SERVICE, validate: configTest }),
      ],
      after: certificate.after,
      notes: [...certificate.notes, ...notes(context)],
    };
  },
});

function config(
  context: FtpContext,
  { certificate, key }: { readonly certificate: string; readonly key: string },
): string {
  const { input, host, role, expose, template } = context;
  const ranges = lanRanges(context);
  return template('proftpd.conf', {
    host,
    role,
    port: input.port,
    users: input.users.map(({ name }) => name),
    local: expose === 'host',
    lan: ranges,
    // From elsewhere nobody logs in.
    lanOnly: admittedRanges(context) !== undefined,
    publicAddress: expose === 'internet' ? (input.publicAddress ?? '') : '',
    passivePort: input.passivePort,
    lastPassivePort: lastPassivePort(input),
    clients: input.clients,
    clientsPerHost: Math.min(5, input.clients),
    certificate,
    key,
  });
}

function unit({ host, role, template }: FtpContext, shared: boolean): string {
  return template('proftpd.service.conf', {
    host,
    role,
    config: CONFIG,
    folders: [USERS, ...(shared ? [SHARED] : [])],
  });
}

const isName = (address: string | undefined): address is string =>
  address !== undefined && /[a-z]/i.test(address);

/** @throws {UserError} for an FTP server that somebody has set up, and for a port that is taken */
function refuseTaken({ facts: { ftp, listeners }, input: { port } }: FtpContext): void {
  if (ftp.installed && !ftp.ours)
    throw new UserError({
      message: 'ProFTPD is on the host already, and was not set up by hostwright',
      hint: 'It is left alone. If nobody needs it any more, remove it (apt purge proftpd-core), then apply again.',
    });
  const holder = listeners.find(
    (one) => one.protocol === 'tcp' && one.port === port && one.process !== '' && one.process !== SERVICE,
  );
  if (holder)
    throw new UserError({
      message: `Port ${port} is taken on the host: ${holder.process} listens there (${holder.address})`,
      hint: `Give the role another port, or stop ${holder.process} first.`,
    });
}

function notes({ input, expose, facts, network, others, role }: FtpContext): Omit<PlanNote, 'role'>[] {
  const [first] = input.users;
  const keeper = first && passwordKeeper(others, first.name);
  const own = `\`hostwright secrets show ${keeper ?? role}/${first?.name ?? ''}\` shows a password.`;
  const info = (text: string) => ({ level: 'info' as const, text });
  const tls = info(
    `Only with TLS: in the client choose "FTP over TLS, explicit" (FTPES), port ${input.port}. ${own}`,
  );
  if (expose !== 'internet') {
    // It names the certificate there.
    return input.publicAddress === undefined || isByAcme(input.tls)
      ? [tls]
      : [
          tls,
          {
            level: 'warning',
            text: 'publicAddress has no effect: this role is not exposed to the internet.',
          },
        ];
  }
  const behindRouter =
    facts.network.main?.addresses.some(({ address }) => isPrivateAddress(address)) ?? false;
  if (!behindRouter || findLan(facts.network, network).interfaces.length === 0) return [tls];
  if (input.publicAddress === undefined) {
    return [
      tls,
      info(
        'Clients on the internet that ask for ports in the old way (PASV, IPv4) are told the address of this host in the LAN; today’s programs see through that, or ask in the new way (EPSV). `publicAddress: home.example.org` (say) tells them the right one.',
      ),
    ];
  }
  const again = isName(input.publicAddress)
    ? ' The name is looked up when the service starts: after a change of address restart it.'
    : '';
  return [tls, info(`Clients on the LAN are told its address, others ${input.publicAddress}.${again}`)];
}

function namesOf({ publicAddress }: { readonly publicAddress?: string | undefined }): readonly string[] {
  return isName(publicAddress) ? [publicAddress] : [];
}
