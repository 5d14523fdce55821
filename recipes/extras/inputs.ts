import { z } from 'zod';
import {
  absolutePath,
  domain,
  fileMode,
  hostLabel,
  oneLine,
  packageName,
  sysctlKey,
  text,
  userName,
} from '../../src/compose/inputs.ts';

/** The name of a service as `systemctl` takes it. */
const serviceName = () =>
  z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9:_.@\\-]*$/, 'the name of a service has letters, digits and : _ . @ -');

/** A password is never written in a host file: only that there is one. */
const fromVault = () =>
  z.literal('vault', {
    error: 'a password is not written here: write password: vault, and set it with `hostwright secrets set`',
  });

/** What the vault calls it: `ROLE/NAME`. */
const secretName = () =>
  z
    .string()
    .regex(
      /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/,
      'the name of a secret has letters, digits, _ . and -, at most 64',
    );

const notify = z.strictObject({
  service: serviceName(),
  action: z.enum(['reload', 'restart']).default('restart'),
});

export const inputs = z.strictObject({
  packages: z
    .array(packageName())
    .default([])
    .meta({ help: 'Debian packages to install.', example: ['htop', 'restic'] }),
  groups: z
    .array(z.strictObject({ name: userName(), gid: z.int().optional(), system: z.boolean().default(false) }))
    .default([])
    .meta({ help: 'Groups of accounts.', example: [{ name: 'family' }] }),
  users: z
    .array(
      z.strictObject({
        name: userName(),
        groups: z.array(oneLine()).default([]),
        comment: oneLine().optional(),
        shell: absolutePath().optional(),
        home: absolutePath().optional(),
        system: z.boolean().default(false),
        password: fromVault().optional(),
      }),
    )
    .default([])
    .meta({
      help: 'Accounts. With "password: vault" one gets the password that the vault has for it.',
      example: [{ name: 'anna', groups: ['family'], password: 'vault' }],
    }),
  directories: z
    .array(
      z.strictObject({
        path: absolutePath(),
        mode: fileMode().default('0755'),
        owner: oneLine().default('root'),
        group: oneLine().default('root'),
      }),
    )
    .default([])
    .meta({
      help: 'Folders, the outer one before the inner.',
      example: [{ path: '/srv/photos', group: 'family' }],
    }),
  files: z
    .array(
      z
        .strictObject({
          path: absolutePath(),
          content: text().optional(),
          secret: secretName().optional(),
          mode: fileMode().optional(),
          owner: oneLine().default('root'),
          group: oneLine().default('root'),
          notify: notify.optional(),
        })
        .refine(({ content, secret }) => (content === undefined) !== (secret === undefined), {
          error: 'a file has either content, or the name of a secret of the vault as secret',
        }),
    )
    .default([])
    .meta({
      help: 'Whole files with their text, and the service that reads them. With "secret: NAME" the text is what the vault has by that name, on one line, and the mode is "0600" unless you say otherwise.',
      example: [{ path: '/etc/motd', content: 'Be kind.\n' }],
    }),
  certificates: z
    .array(
      z.strictObject({
        name: hostLabel(),
        names: z.array(z.union([z.ipv4(), z.ipv6(), domain()])).min(1),
        owner: oneLine().default('root'),
        group: oneLine().default('root'),
        notify: notify.optional(),
      }),
    )
    .default([])
    .meta({
      help: 'Certificates that vouch for themselves, in /etc/ssl/hostwright/NAME: for which names and addresses, and whose group may read the key.',
      example: [{ name: 'mail', names: ['mail.example.org'], group: 'Debian-exim' }],
    }),
  links: z
    .array(z.strictObject({ path: absolutePath(), target: oneLine() }))
    .default([])
    .meta({ help: 'Symbolic links.', example: [{ path: '/srv/media', target: '/mnt/disk/media' }] }),
  sysctl: z
    .record(sysctlKey(), z.union([z.string(), z.int()]))
    .default({})
    .meta({ help: 'Kernel settings, now and after every boot.', example: { 'vm.swappiness': 10 } }),
  services: z
    .array(
      z.strictObject({
        name: serviceName(),
        enabled: z.boolean().default(true),
        running: z.boolean().default(true),
        validate: z.array(oneLine()).min(1).optional(),
      }),
    )
    .default([])
    .meta({
      help: 'Services that run, or must not.',
      example: [{ name: 'cups', enabled: false, running: false }],
    }),
  commands: z
    .array(
      z.strictObject({
        name: hostLabel(),
        run: z.array(text()).min(1),
        unless: z.array(text()).min(1).optional(),
        creates: absolutePath().optional(),
      }),
    )
    .default([])
    .meta({
      help: 'Commands with a guard: each runs only while "unless" fails or "creates" is not there.',
      example: [
        {
          name: 'dhparam',
          run: ['openssl', 'dhparam', '-out', '/etc/dh.pem', '2048'],
          creates: '/etc/dh.pem',
        },
      ],
    }),
});
