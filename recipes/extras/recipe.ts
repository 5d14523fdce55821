import type { z } from 'zod';
import { defineRecipe } from '../../src/compose/recipe.ts';
import { kind as certificate } from '../../src/resources/certificate.ts';
import { kind as command } from '../../src/resources/command.ts';
import { kind as directory } from '../../src/resources/directory.ts';
import { kind as file } from '../../src/resources/file.ts';
import { kind as group } from '../../src/resources/group.ts';
import type { Resource } from '../../src/resources/kind.ts';
import { kind as packageKind } from '../../src/resources/package.ts';
import { kind as password } from '../../src/resources/password.ts';
import { kind as service } from '../../src/resources/service.ts';
import { kind as symlink } from '../../src/resources/symlink.ts';
import { kind as sysctl } from '../../src/resources/sysctl.ts';
import { kind as user } from '../../src/resources/user.ts';
import type { Secret } from '../../src/secrets/secret.ts';
import { inputs } from './inputs.ts';

export default defineRecipe({
  title: 'Extras',
  summary: 'Packages, accounts, files and settings of your own, beside the roles.',
  exposable: false,
  inputs,

  // In the order in which one may need the other: a file an owner, a service its files, a command everything.
  resources: ({ role, input, secret, secretTemplate }) => ({
    resources: [
      ...input.packages.map((name) => packageKind.of({ name })),
      ...input.groups.map((spec) => group.of(spec)),
      ...input.users.map(({ password: _, ...spec }) => user.of(spec)),
      ...input.users
        .filter((spec) => spec.password !== undefined)
        .map(({ name }) => password.of({ user: name, secret: secret(name, { account: name }) })),
      ...input.directories.map((spec) => directory.of(spec)),
      ...(input.certificates.length > 0 ? [packageKind.of({ name: 'openssl' })] : []),
      ...input.certificates.map(({ notify, ...spec }) =>
        certificate.of({ ...spec, source: 'self-signed' }, notify ? { notify: [notify] } : {}),
      ),
      ...input.files.map((wanted) =>
        fileOf(wanted, (name) => secretTemplate('secret', { secret: secret(name) })),
      ),
      ...input.links.map((spec) => symlink.of(spec)),
      ...Object.entries(input.sysctl).map(([key, value]) => sysctl.of({ key, value })),
      ...input.services.map((spec) => service.of(spec)),
      ...input.commands.map((spec) => command.of({ ...spec, name: `${role}/${spec.name}` })),
    ],
  }),
});

type WantedFile = z.output<typeof inputs>['files'][number];

/** A secret is for root only unless the user says otherwise. */
function fileOf(
  { notify, content, secret: name, mode = name === undefined ? '0644' : '0600', ...place }: WantedFile,
  secret: (name: string) => Secret,
): Resource {
  const text = name === undefined ? (content ?? '') : secret(name);
  return file.of({ ...place, mode, content: text }, notify ? { notify: [notify] } : {});
}
