import { defineRecipe, type PlanNote } from '../../src/compose/recipe.ts';
import { accountResources } from '../../src/compose/transfer/accounts.ts';
import { admittedRanges } from '../../src/compose/transfer/admitted.ts';
import { logsInByPassword, refuseSecond, transferUsers } from '../../src/compose/transfer/users.ts';
import { UserError } from '../../src/errors.ts';
import { kind as directory } from '../../src/resources/directory.ts';
import { kind as file } from '../../src/resources/file.ts';
import { kind as packageKind } from '../../src/resources/package.ts';
import { kind as password } from '../../src/resources/password.ts';
import { inputs, type SftpContext } from './inputs.ts';

/** Behind the file of the role base, and before whatever an administrator added: sshd takes the first word. */
const DROP_IN = '/etc/ssh/sshd_config.d/10-hostwright-sftp.conf';
const KEYS = '/etc/ssh/sftp-keys';

export default defineRecipe({
  title: 'SFTP',
  summary: 'Lets people send and fetch files over ssh, each locked into folders of his own, without a shell.',
  facts: ['sshd'],
  inputs,

  endpoints: ({ input }) => [{ name: 'sftp', protocol: 'tcp', port: input.port, prove: { probe: 'ssh' } }],

  resources(context) {
    const { input, secret } = context;
    refuseSecond(context, 'SFTP');
    refuseSshd(context);
    const users = transferUsers(context);
    return {
      resources: [
        packageKind.of({ name: 'openssh-server' }),
        ...accountResources(context, users),
        ...input.users
          .filter(logsInByPassword)
          .map(({ name }) => password.of({ user: name, secret: secret(name, { account: name }) })),
        directory.of({ path: KEYS }),
        ...input.users.map(({ name, keys }) =>
          file.of({ path: `${KEYS}/${name}`, content: keys.map((key) => `${key}\n`).join('') }),
        ),
        file.of(
          { path: DROP_IN, content: dropIn(context) },
          {
            guarded: true,
            notify: [{ service: 'ssh', action: 'reload' }],
            // sshd wants the folder that its service has while it runs; with ssh.socket it may not run now.
            validate: {
              root: '/etc/ssh',
              command: ['sh', '-c', '[ -d /run/sshd ] || mkdir -m 0755 /run/sshd; exec sshd -t'],
            },
          },
        ),
      ],
      notes: notes(context),
    };
  },
});

function dropIn(context: SftpContext): string {
  const { input, host, role, template } = context;
  return template('sshd.conf', {
    host,
    role,
    users: input.users.map(({ name }) => name),
    byPassword: input.users.filter(logsInByPassword).map(({ name }) => name),
    admitted: admittedRanges(context) ?? [],
    keys: KEYS,
  });
}

/** @throws {UserError} where the file would not be read, or the port is another one */
function refuseSshd({ facts: { ssh, sshd }, input }: SftpContext): void {
  if (sshd.installed && sshd.include === 'none')
    throw new UserError({
      message:
        '/etc/ssh/sshd_config does not read the folder for additions, so SFTP cannot be set up beside it',
      hint: 'Put this line at its top, then apply again: Include /etc/ssh/sshd_config.d/*.conf',
    });
  const [port] = ssh.ports;
  if (port !== undefined && !ssh.ports.includes(input.port))
    throw new UserError({
      message: `port: sshd on the host listens on ${ssh.ports.join(', ')}, not on ${input.port}`,
      hint: `Write port: ${port}; SFTP is a part of ssh and has no port of its own.`,
    });
}

function notes({ input, role, facts, expose }: SftpContext): Omit<PlanNote, 'role'>[] {
  const byPassword = input.users.filter(logsInByPassword).map(({ name }) => name);
  const keyless = input.users.filter((user) => !logsInByPassword(user) && user.keys.length === 0);
  const lists = ['allowusers', 'allowgroups', 'denyusers', 'denygroups'].filter(
    (key) => facts.sshd.effective[key] !== undefined,
  );
  const names = byPassword.join(', ');
  return [
    ...(byPassword.length > 0
      ? [
          {
            level: 'info' as const,
            text: `${names} ${byPassword.length === 1 ? 'logs' : 'log'} in by password over ssh, for files only, also where other accounts need a key. \`hostwright secrets show ${role}/${byPassword[0]}\` shows the password.`,
          },
        ]
      : []),
    ...keyless.map(({ name }) => ({
      level: 'warning' as const,
      text: `${name} has neither a key nor a password here, and cannot log in by SFTP.`,
    })),
    ...lists.map((key) => ({
      level: 'warning' as const,
      text: `sshd on the host has a list of its own of who may log in (${key}): it holds for these users too.`,
    })),
    ...(expose === 'lan'
      ? [
          {
            level: 'info' as const,
            text: 'ssh itself stays as open as it was: sshd lets these users in from the LAN only.',
          },
        ]
      : []),
  ];
}
