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
  service: serviceName().meta({ help: 'The service that is told once it has changed.' }),
  action: z.enum(['reload', 'restart']).default('restart').meta({ help: 'How it is told.' }),
});

export const inputs = z.strictObject({
  packages: z
    .array(packageName())
    .default([])
    .meta({ help: 'Debian packages to install.', example: ['htop', 'restic'] }),
  groups: z
    .array(
      z.strictObject({
        name: userName().meta({ help: 'The name of the group.' }),
        gid: z.int().optional().meta({ help: 'Its number. Left out: the next one that is free.' }),
        system: z.boolean().default(false).meta({ help: 'Whether it is for services.' }),
      }),
    )
    .default([])
    .meta({ help: 'Groups of accounts.', example: [{ name: 'family' }] }),
  users: z
    .array(
      z.strictObject({
        name: userName().meta({ help: 'The name of the account.' }),
        groups: z.array(oneLine()).default([]).meta({ help: 'Groups that it belongs to besides its own.' }),
        comment: oneLine().optional().meta({ help: 'Whose it is, in words.' }),
        shell: absolutePath().optional().meta({ help: 'What runs at a login.' }),
        home: absolutePath().optional().meta({ help: 'Its home folder.' }),
        system: z.boolean().default(false).meta({ help: 'Whether it is for a service, without a login.' }),
        password: fromVault().optional().meta({ help: 'vault: the password that the vault has for it.' }),
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
        path: absolutePath().meta({ help: 'Where it is.' }),
        mode: fileMode().default('0755').meta({ help: 'Who may do what with it.' }),
        owner: oneLine().default('root').meta({ help: 'Whose it is.' }),
        group: oneLine().default('root').meta({ help: 'The group that it belongs to.' }),
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
          path: absolutePath().meta({ help: 'Where it is.' }),
          content: text().optional().meta({ help: 'Its text.' }),
          secret: secretName()
            .optional()
            .meta({ help: 'In place of content: what the vault calls the secret.' }),
          mode: fileMode().optional().meta({ help: 'Left out: "0644", and "0600" with a secret.' }),
          owner: oneLine().default('root').meta({ help: 'Whose it is.' }),
          group: oneLine().default('root').meta({ help: 'The group that it belongs to.' }),
          notify: notify.optional().meta({ help: 'A service that reads it.' }),
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
        name: hostLabel().meta({ help: 'What its folder is called.' }),
        names: z
          .array(z.union([z.ipv4(), z.ipv6(), domain()]))
          .min(1)
          .meta({ help: 'Names and addresses that it is for.' }),
        owner: oneLine().default('root').meta({ help: 'Whose it is.' }),
        group: oneLine().default('root').meta({ help: 'The group that it belongs to.' }),
        notify: notify.optional().meta({ help: 'A service that reads it.' }),
      }),
    )
    .default([])
    .meta({
      help: 'Certificates that vouch for themselves, in /etc/ssl/hostwright/NAME: for which names and addresses, and whose group may read the key.',
      example: [{ name: 'mail', names: ['mail.example.org'], group: 'Debian-exim' }],
    }),
  links: z
    .array(
      z.strictObject({
        path: absolutePath().meta({ help: 'Where the link is.' }),
        target: oneLine().meta({ help: 'What it leads to.' }),
      }),
    )
    .default([])
    .meta({ help: 'Symbolic links.', example: [{ path: '/srv/media', target: '/mnt/disk/media' }] }),
  sysctl: z
    .record(sysctlKey(), z.union([z.string(), z.int()]))
    .default({})
    .meta({ help: 'Kernel settings, now and after every boot.', example: { 'vm.swappiness': 10 } }),
  services: z
    .array(
      z.strictObject({
        name: serviceName().meta({ help: 'As systemctl calls it.' }),
        enabled: z.boolean().default(true).meta({ help: 'Whether it starts with the machine.' }),
        running: z.boolean().default(true).meta({ help: 'Whether it runs now.' }),
        validate: z
          .array(oneLine())
          .min(1)
          .optional()
          .meta({ help: 'A program and its arguments that has to succeed before it is told or started.' }),
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
        name: hostLabel().meta({ help: 'What the plan calls it.' }),
        run: z.array(text()).min(1).meta({ help: 'A program and its arguments, without a shell.' }),
        unless: z
          .array(text())
          .min(1)
          .optional()
          .meta({ help: 'A program that only looks, and succeeds where there is nothing to do.' }),
        creates: absolutePath()
          .optional()
          .meta({ help: 'In its place: a path that is there where there is nothing to do.' }),
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
